/**
 * Removes folders that somebody may have filled who is not to be trusted.
 *
 * @module
 */

import { ignoreNotFound } from "../base/errors.ts";
import { runTool } from "../process/tool.ts";

/**
 * Removes a folder and all that is in it; one that is not there is no error.
 *
 * What has folders in it is left to rm, which goes any depth: Deno calls itself for each level, and its stack overflows
 * (seen at 20,000), which ends the whole program.
 */
export async function removeFolderTree(path: string): Promise<void> {
  if (await hasFolders(path)) await runTool({ command: "rm", args: ["-rf", "--", path], tied: true });
  else await Deno.remove(path, { recursive: true }).catch(ignoreNotFound);
}

async function hasFolders(path: string): Promise<boolean> {
  try {
    for await (const { isDirectory } of Deno.readDir(path)) if (isDirectory) return true;
    return false;
  } catch {
    // It is not there, or no folder, or can't be read: its removal will tell.
    return false;
  }
}
