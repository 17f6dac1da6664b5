/**
 * What real shells offer for a command line.
 *
 * @module
 */

import { runScript } from "../shell.ts";
import { temporaryFolder } from "../temp.ts";

/** How each shell is started: without anybody's own settings. */
const STARTED: Readonly<Record<string, readonly string[]>> = {
  bash: ["bash", "--norc"],
  zsh: ["zsh", "-f"],
  fish: ["fish", "--no-config"],
};

/**
 * The offers for each of the lines, sorted, in a folder that has the file `file two` and the folder `folder one`.
 * Quotes of shells, and slashes behind folders, are taken away.
 */
export async function offersOf(shell: string, script: string, lines: readonly string[]): Promise<string[][]> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/script`, script);
  await Deno.mkdir(`${folder.path}/tree/folder one`, { recursive: true });
  await Deno.writeTextFile(`${folder.path}/tree/file two`, "");
  const ask = new URL(`ask.${shell}`, import.meta.url).pathname;
  const asked = shell === "bash" ? lines.map(splitAsBash) : lines;
  const inFolder = ["sh", "-c", 'cd "$1" && HOME=$1 TERM=dumb && export HOME TERM && shift && exec "$@"', "sh"];
  const command = [...inFolder, `${folder.path}/tree`, ...STARTED[shell], ask];
  const text = new TextDecoder().decode(await runScript(command, "../script", ...asked));
  return text.split("==\n").slice(0, -1).map((offers) => {
    const plain = offers.split("\n").map((offer) => offer.replaceAll("\\", "").replace(/\/$/, "").replace(/^.*=/, ""));
    return [...new Set(plain)].filter((offer) => offer && offer !== "offered").toSorted();
  });
}

/** bash's words, of which the last is the one to complete. */
function splitAsBash(line: string): string {
  return line.replace(/([=:]+)/g, " $1 ").replace(/ +/g, "\x1f");
}
