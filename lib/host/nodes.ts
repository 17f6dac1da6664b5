/**
 * Device nodes for VMMs: windows.sh makes some for this host process alone, with the host's numbers.
 *
 * @module
 */

import { ignoreNotFound } from "../base/errors.ts";
import { HOST_FACTS, nodeWindow } from "./windows.ts";

/**
 * Host's paths of the device nodes in berth's root. Where none can be made, the host's own are there instead, and are
 * not berth's.
 */
export async function readNodes(): Promise<string[]> {
  const text = await Deno.readTextFile(`${HOST_FACTS}/nodes`).catch(ignoreNotFound);
  return (text ?? "").split("\n").filter((path) => path);
}

/**
 * Groups that a user who is nobody in particular has to be in, to open a node.
 *
 * @returns groups: none where everybody may, or where berth can give the node away; undefined where only root may.
 */
export async function groupsFor(path: string): Promise<number[] | undefined> {
  const node = await Deno.stat(nodeWindow(path)).catch(ignoreNotFound);
  if (!node || (await readNodes()).includes(path)) return [];
  const may = (bits: number) => ((node.mode ?? 0) & bits) === bits;
  if (may(0o006)) return [];
  return may(0o060) && node.gid ? [node.gid] : undefined;
}
