/**
 * Which members of a guest's archive may come out, and under which name. Pure: decides, touches nothing.
 *
 * The rules, with the reason for each:
 *
 * - no `..` in a name, no name through a link that was let out: nothing is written outside the artifact's folder;
 * - a link's target has `..` at its beginning only, and those stay inside: `..` behind a name could stand behind a link,
 *   where it means another folder than it says. So no link leads out, directly or over others;
 * - a hard link goes to a file of the same artifact that was let out before;
 * - no device, FIFO or socket; no set-user-ID, set-group-ID or sticky bit.
 *
 * @module
 */

import type { TarEntry } from "./tar.ts";

/** A decision: the entry as it may be written, or why it is left out. */
export type Decision =
  | { readonly index: number; readonly entry: TarEntry }
  | { readonly index: number; readonly leftOut: string };

/**
 * Decides for the members of one archive, in their order. The first part of a member's name is the artifact's index. All
 * names, and the reasons that hold them, have a character for each byte.
 */
export class ArtifactPolicy {
  readonly #names: readonly string[];
  readonly #links = new Set<string>();
  readonly #files = new Set<string>();

  /** @param names the artifacts' own names: what an artifact that is a single file is called. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  decide(entry: TarEntry): Decision | undefined {
    const parts = split(entry.path);
    const index = /^\d{1,3}$/.test(parts[0] ?? "") ? Number(parts[0]) : this.#names.length;
    if (index >= this.#names.length) return undefined;
    const single = parts.length === 1 && entry.type !== "directory";
    const inside = single ? [this.#names[index]] : parts.slice(1);
    const path = inside.join("/");
    const reason = this.#refusal(entry, index, inside);
    if (reason) return { index, leftOut: `${path || "."}: ${reason}` };
    const key = `${index}/${path}`;
    if (entry.type === "symlink") this.#links.add(key);
    // What comes later under the same name replaces it.
    this.#files.delete(key);
    if (entry.type === "file" || entry.type === "hardlink") this.#files.add(key);
    const link = entry.type === "hardlink" ? split(entry.link).slice(1).join("/") : entry.link;
    return { index, entry: { ...entry, path: path || ".", link, mode: entry.mode & 0o777 } };
  }

  #refusal(entry: TarEntry, index: number, inside: readonly string[]): string | undefined {
    if (inside.includes("..")) return "its name leads out of the artifact";
    for (let length = 1; length < inside.length; length++) {
      const parent = `${index}/${inside.slice(0, length).join("/")}`;
      if (this.#links.has(parent)) return "its name goes through a link";
    }
    // A second member of the same name would replace a link that was let out by something that goes through it.
    if (this.#links.has(`${index}/${inside.join("/")}`)) return "there is a link of the same name";
    if (entry.type === "other") return "it is neither a file, a folder nor a link";
    if (entry.type === "symlink" && !staysInside(entry.link, inside.length - 1)) {
      return `it is a link that leads out of the artifact, to ${entry.link}`;
    }
    const target = split(entry.link);
    if (entry.type === "hardlink" && !(target[0] === String(index) && this.#files.has(target.join("/")))) {
      return "it is a hard link to something that is not in the artifact";
    }
  }
}

/** Whether a link that stands `depth` folders deep leads to a place in the artifact. */
function staysInside(target: string, depth: number): boolean {
  if (target.startsWith("/") || target === "") return false;
  const parts = split(target);
  const ups = parts.findIndex((part) => part !== "..");
  const leading = ups < 0 ? parts.length : ups;
  return leading <= depth && !parts.slice(leading).includes("..");
}

/** The parts of a path without those that mean nothing. */
function split(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
