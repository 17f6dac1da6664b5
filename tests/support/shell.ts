/**
 * Real shells, for what is written for them.
 *
 * @module
 */

import { temporaryFolder } from "./temp.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;

/** Runs a script file with a shell, given as its words; returns its standard output, or throws with its last words. */
export async function runScript(shell: readonly string[], script: string, ...args: string[]): Promise<Uint8Array> {
  const [command, ...words] = [...shell, script, ...args];
  const { success, stdout, stderr } = await new Deno.Command(command, { args: words, stdin: "null" }).output();
  if (!success) throw new Error(`${shell.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

/** What scripts/assemble.sh prints of a source, given by its path in the project; throws with its last words. */
export async function assemble(source: string): Promise<string> {
  await using folder = await temporaryFolder();
  const options = { args: [`${PROJECT}scripts/assemble.sh`, PROJECT + source], env: { TMPDIR: folder.path } };
  const { success, stdout, stderr } = await new Deno.Command("sh", options).output();
  if (!success) throw new Error(`${source}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/** The texts that each end with a NUL. */
export function splitNul(bytes: Uint8Array): string[] {
  // Not a decoder that takes a byte order mark away.
  const text = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  return text.split("\0").slice(0, -1);
}
