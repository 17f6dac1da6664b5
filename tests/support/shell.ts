/**
 * Real shells, for what is written for them.
 *
 * @module
 */

/** Runs a script file with a shell, given as its words; returns its standard output, or throws with its last words. */
export async function runScript(shell: readonly string[], script: string, ...args: string[]): Promise<Uint8Array> {
  const [command, ...words] = [...shell, script, ...args];
  const { success, stdout, stderr } = await new Deno.Command(command, { args: words, stdin: "null" }).output();
  if (!success) throw new Error(`${shell.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

/** The texts that each end with a NUL. */
export function splitNul(bytes: Uint8Array): string[] {
  // Not a decoder that takes a byte order mark away.
  const text = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  return text.split("\0").slice(0, -1);
}
