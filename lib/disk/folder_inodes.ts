/**
 * Makes a folder's image tell what the folder told: times to the nanosecond, and whose the folder itself is. And says what
 * is not in it.
 *
 * @module
 */

import { printable, readable } from "../base/bytes_text.ts";
import type { LeftOut } from "../base/left_out.ts";
import { Ext4Inodes, ROOT_INODE } from "./ext4_inodes.ts";
import type { FileFact } from "./folder_facts.ts";

/** A folder on the way to the file at hand. */
interface Parent {
  /** What the names of all that is in it begin with. */
  readonly prefix: string;
  readonly entries: ReadonlyMap<string, number>;
}

/**
 * Gives an image's inodes the times and owners of the files that they are made of, and tells what the image lacks.
 * @param facts folders before what is in them, one folder's after the other.
 */
export async function restoreInodes(image: string, facts: AsyncIterable<FileFact>, leftOut: LeftOut): Promise<void> {
  using inodes = new Ext4Inodes(image);
  const parents: Parent[] = [];
  for await (const fact of facts) {
    const { path, type } = fact;
    const cut = path.lastIndexOf("/") + 1;
    const prefix = path.slice(0, cut);
    while (parents.length > 0 && !prefix.startsWith(parents.at(-1)!.prefix)) parents.pop();
    const parent = parents.at(-1);
    // With its folder, all that was in it is missing.
    if (parent && parent.prefix !== prefix) continue;
    const inode = parent ? parent.entries.get(path.slice(cut)) : ROOT_INODE;
    if (inode === undefined || !fact.isReadable) leftOut.add(`${printable(readable(path))}: ${reasonFor(fact)}`);
    if (inode === undefined) continue;
    if (!parent) inodes.setOwnership(inode, fact);
    inodes.setTimes(inode, fact);
    if (type === "d") parents.push({ prefix: path && `${path}/`, entries: inodes.entries(inode) });
  }
}

function reasonFor({ type, isReadable }: FileFact): string {
  if (type === "s") return "it is a socket";
  return isReadable ? "it went, or could not be read, while the folder was copied" : "this user may not read it";
}
