/**
 * Looks for links that stand in the artifacts' folders already: what goes through one would come out elsewhere.
 *
 * @module
 */

/** The folders above members, as they stand on the host. */
export class ArtifactParents {
  readonly #folders: readonly string[];
  readonly #withoutLinks = new Set<string>();

  /** @param folders the artifacts' own, by their index. */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /**
   * Whether a name goes through a link. The folders are the user's, and others may change them: so what was seen is
   * remembered only until {@linkcode forget}.
   */
  hasLink(index: number, path: string): boolean {
    const last = path.lastIndexOf("/");
    if (last < 0) return false;
    const parent = `${index}/${path.slice(0, last)}`;
    if (this.#withoutLinks.has(parent)) return false;
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      const found = look(`${this.#folders[index]}/${path.slice(0, end)}`);
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
