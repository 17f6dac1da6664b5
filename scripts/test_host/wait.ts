/**
 * Waiting with a name and a bound. Every wait of the test host goes through {@linkcode Bound.wait}, so a
 * run that ends late always says what it was waiting for.
 *
 * @module
 */
import { TimedOut } from "./failure.ts";

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

  /**
   * Awaits `work`, at most `limitMs` and never beyond the whole bound.
   *
   * Does not end the work: who gets the error owns something to dispose of.
   *
   * @throws {TimedOut} naming `what`
   */
  wait<T>(what: string, work: Promise<T>, limitMs = Infinity): Promise<T> {
    const ms = Math.min(limitMs, this.remainingMs);
    const ended = Promise.withResolvers<T>();
    const cancel = () => ended.reject(this.signal.reason);
    const late = () => ended.reject(new TimedOut(this.#lateMessage(what, ms, limitMs)));
    if (this.signal.aborted) cancel();
    this.signal.addEventListener("abort", cancel);
    const timer = setTimeout(late, ms);
    work.then(ended.resolve, ended.reject);
    return ended.promise.finally(() => {
      clearTimeout(timer);
      this.signal.removeEventListener("abort", cancel);
    });
  }

  #lateMessage(what: string, ms: number, limitMs: number): string {
    const seconds = (value: number) => `${Math.round(value / 1000)} s`;
    const whole = ms < limitMs ? `; all of it had ${seconds(this.totalMs)}` : "";
    return `waited ${seconds(ms)} for ${what}${whole}`;
  }
}
