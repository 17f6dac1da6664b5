/**
 * A copy of a folder that is busy, or that can't be read as a whole: of all that can be had, for who takes all or nothing.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { tryJailedTool } from "../process/jailed_tool.ts";
import { removeFolderTree } from "../files/remove_folder.ts";
import type { ToolJail } from "../process/tool_jail.ts";

/** What keeps owners, modes, file capabilities and device nodes. */
const KEEPS_ALL = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_SETFCAP", "CAP_MKNOD"];

/** Copy of a folder. Disposing removes it. */
export interface Snapshot extends AsyncDisposable {
  readonly path: string;
  /** Whether there was no room for attributes that were to be copied. */
  readonly lacksAttributes: boolean;
}

/** Options of a copy. */
export interface SnapshotOptions {
  /** Whether extended attributes are copied. */
  readonly attributes: boolean;
  readonly jail?: ToolJail;
  readonly signal?: AbortSignal;
}

/** Copies a folder into a new one. What goes meanwhile, and what can't be read, is not in it. */
export async function takeSnapshot(folder: string, path: string, options: SnapshotOptions): Promise<Snapshot> {
  await using stack = new AsyncDisposableStack();
  await Deno.mkdir(path, { mode: 0o700 });
  stack.defer(() => removeFolderTree(path));
  const lacksAttributes = await copy(folder, path, options);
  const owned = stack.move();
  return { path, lacksAttributes, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function copy(folder: string, path: string, options: SnapshotOptions): Promise<boolean> {
  const attributes = options.attributes ? "--preserve=xattr" : "--no-preserve=xattr";
  const { code, stderr } = await tryJailedTool({
    argv: [
      ...["cp", "--archive", attributes, "--reflink=auto", "--sparse=auto", "--no-target-directory"],
      ...["--", folder, path],
    ],
    view: { readOnly: [folder], writable: [path], capabilities: KEEPS_ALL },
    filter: "nodes",
    ...options,
  });
  if (code === 0) return false;
  const ofAttributes = (line: string) => line.startsWith("cp: setting attribute");
  const lines = stderr.split("\n");
  if (lines.some((line) => !ofAttributes(line) && line.includes("No space left on device"))) {
    throw new BerthError("host.disk-full", "cp: no space left on the disk");
  }
  // 1 is for single files, too; what is missing is seen in the end.
  if (code > 1) throw new BerthError("process.failed", `cp ended with status ${code}: ${stderr.trim()}`);
  return lines.some(ofAttributes);
}
