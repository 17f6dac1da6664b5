/**
 * Looks for links that stand in the artifacts' folders already: what goes through one would come out elsewhere.
 *
 * @module
 */

import { isUtf8, readable } from "../base/bytes_text.ts";

/** The folders above members, as they stand on the host. */
export class ArtifactParents {
  readonly #folders: readonly string[];
  readonly #withoutLinks = new Set<string>();

  /** @param folders the artifacts' own, by their index. */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /**
   * Whether a name, with a character for each byte, goes through a link. The folders are the user's, and others may change
   * them: so what was seen is remembered only until {@linkcode forget}.
   *
   * Of folders whose names are not UTF-8, which can't be looked at, it is not known: a jail has nothing for their links
   * to lead to.
   */
  hasLink(index: number, path: string): boolean {
    const last = path.lastIndexOf("/");
    if (last < 0) return false;
    const parent = `${index}/${path.slice(0, last)}`;
    if (this.#withoutLinks.has(parent)) return false;
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      if (!isUtf8(path.slice(0, end))) break;
      const found = look(`${this.#folders[index]}/${readable(path.slice(0, end))}`);
      if (found === "link") return true;
      if (found === "nothing") break;
    }
    this.#withoutLinks.add(parent);
    return false;
  }

  /**
   * To be called whenever members are handed on to be written: then what a look says is never older than those members
   * that wait to be handed on together, and so it is no older than without any memory.
   */
  forget(): void {
    this.#withoutLinks.clear();
  }
}

/** Not by a promise, which takes ten times as long. */
function look(path: string): "link" | "nothing" | "something" {
  try {
    return Deno.lstatSync(path).isSymlink ? "link" : "something";
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "nothing" : "something";
  }
}
