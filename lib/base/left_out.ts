/**
 * Names what a copy could not take along: the first ones by name, the rest by their number.
 *
 * @module
 */

/** How many are named. */
const NAMED = 20;

/** Names of what one copy has left out, told as they come. */
export class LeftOut {
  readonly #tell: (what: string) => void;
  #count = 0;

  constructor(tell: (what: string) => void) {
    this.#tell = tell;
  }

  /** Tells of one, unless many were told of. */
  add(what: string): void {
    if (++this.#count <= NAMED) this.#tell(what);
  }

  /** Tells how many were not named. To be called once, when all were added. */
  finish(): void {
    if (this.#count > NAMED) this.#tell(`and ${this.#count - NAMED} more`);
  }
}
