/**
 * Whether a folder is berth's user's alone: whoever else may write there chooses kernels, locks and records.
 *
 * @module
 */

import { BerthError, ignoreNotFound } from "../base/errors.ts";
import { STATE, USERS } from "../host/windows.ts";

/** Owner and mode of a folder. */
export type Ownership = Pick<Deno.FileInfo, "uid" | "mode">;

const OTHERS_WRITE = 0o022;

/** Problem with who may write into a folder of this user's, in words; undefined when there is none. Pure. */
export function ownershipProblem({ uid, mode }: Ownership, own: number): string | undefined {
  if (uid !== own) return "it belongs to somebody else";
  return (mode ?? 0) & OTHERS_WRITE
    ? `others may write into it (mode ${((mode ?? 0) & 0o7777).toString(8)})`
    : undefined;
}

/**
 * Refuses folders that others may write. It looks at what the windows show, which can't be another folder any more.
 *
 * @param paths the folders' windows, and their own paths.
 * @throws {BerthError} `host.state`.
 */
export async function expectOwnFolders(
  own: number,
  paths: readonly (readonly [window: string, path: string])[],
): Promise<void> {
  for (const [window, path] of paths) {
    const info = await Deno.stat(window).catch(ignoreNotFound);
    const problem = info && ownershipProblem(info, own);
    if (problem) throw new BerthError("host.state", `${path}: ${problem}`);
  }
}

/** Folders that berth trusts, by window and path: its state folder, and root's list of VMs' users. */
export function foldersToOwn(stateDir: string): [window: string, path: string][] {
  return [[STATE, stateDir], [USERS, "/run/berth-users"]];
}
