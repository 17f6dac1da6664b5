/**
 * Waits that share one bound: a run of the test host that ends late says what it was waiting for, and whose time it was.
 *
 * @module
 */

import { orAborted, within } from "../../lib/base/deadline.ts";
import { formatMillis } from "../../lib/base/units.ts";

/** A wait's time, and its name in messages. */
export interface Limit {
  readonly timeoutMs: number;
  readonly what: string;
}

/** The time that is left for everything, and the signal that ends it sooner. */
export class Bound {
  readonly #endsAtMs: number;

  /**
   * @param totalMs bound of all waits together, from now on
   * @param signal aborts every wait with its reason
   */
  constructor(readonly totalMs: number, readonly signal: AbortSignal) {
    this.#endsAtMs = performance.now() + totalMs;
  }

  /** Never negative. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAtMs - performance.now());
  }

  /** The limit of one wait: `limitMs`, or what is left of the whole; the name then says so. */
  limit(what: string, limitMs = Infinity): Limit {
    const left = this.remainingMs;
    if (limitMs <= left) return { timeoutMs: limitMs, what };
    return { timeoutMs: left, what: `${what}; all of it had ${formatMillis(this.totalMs)}` };
  }

  /**
   * Awaits `work`, at most `limitMs` and never beyond the whole bound.
   *
   * Does not end the work: who gets the error owns something to dispose of.
   *
   * @throws {DeadlineError} naming `what`; the signal's reason.
   */
  async wait<T>(what: string, work: Promise<T>, limitMs = Infinity): Promise<T> {
    const limit = this.limit(what, limitMs);
    return await within(orAborted(work, this.signal), limit.timeoutMs, limit.what);
  }
}
