/**
 * Somebody's wish that a job end.
 *
 * @module
 */

import { aborted } from "../base/deadline.ts";
import { BerthError } from "../base/errors.ts";
import { formatMillis } from "../base/units.ts";
import { SIGNAL_NUMBERS } from "../host/ignored_signals.ts";

/** Why a job is stopped from outside. SIGPIPE: nobody reads its output any more. */
export type StopReason = "SIGHUP" | "SIGINT" | "SIGTERM" | "SIGPIPE";

/** Those that somebody sends; a broken pipe is seen by who writes to it. */
export const STOP_SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** A cancelled job's exit status is 128 more. */
export const STOP_NUMBERS: Readonly<Record<StopReason, number>> = SIGNAL_NUMBERS;

/**
 * The same signal again within this time is no second wish: the kernel sends that of a parent's death once for every
 * thread that the parent had. Nor does a signal then come for a reason of its own when a pipe has just broken: a Ctrl-C
 * ends the reader as well, and our write may fail before our signal is here.
 */
const ECHO_MS = 200;

/** What is still going on for a cancelled job has to end. */
export interface CutOff extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * When a cancelled job's time is up: `timeoutMs` after the wish, or at once where nobody is there to gain by it, which is
 * so after a second wish, and for a job that nobody listens to any more.
 */
export function cutOff(stop: StopRequest, timeoutMs: number): CutOff {
  const cut = new AbortController();
  const over = new BerthError("wait.cancelled", `it was cancelled, and ${formatMillis(timeoutMs)} are over`);
  const atOnce = new BerthError("wait.cancelled", "it was cancelled");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const [asked, insisted] = [aborted(stop.requested), aborted(stop.insisted)];
  let isDisposed = false;
  void asked.promise.then(() => {
    // A wish at the very end: nothing is still going on.
    if (isDisposed) return;
    if (stop.reason === "SIGPIPE") cut.abort(atOnce);
    else timer = setTimeout(() => cut.abort(over), timeoutMs);
  });
  void insisted.promise.then(() => cut.abort(atOnce));
  return {
    signal: cut.signal,
    [Symbol.dispose]: () => {
      isDisposed = true;
      clearTimeout(timer);
      for (const one of [asked, insisted]) one[Symbol.dispose]();
    },
  };
}

/** The first wish stops the job in good order, a second one at once. */
export class StopRequest {
  readonly #now: () => number;
  #askedAtMs = 0;
  readonly #requested = new AbortController();
  readonly #insisted = new AbortController();
  #reason: StopReason | undefined;
  #pipeIsBroken = false;

  /** @param now tells the time, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Aborted by the first wish. */
  get requested(): AbortSignal {
    return this.#requested.signal;
  }

  /** Aborted by the second wish. */
  get insisted(): AbortSignal {
    return this.#insisted.signal;
  }

  /** Why, which never changes; undefined as long as nobody wants the job to end. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Takes note of a wish. That of a broken pipe counts a moment later, and only where no signal has come by then. */
  stop(reason: StopReason): void {
    if (reason === "SIGPIPE") {
      // Both of a job's streams may have had the same reader.
      if (!this.#pipeIsBroken) setTimeout(() => this.#request("SIGPIPE"), ECHO_MS);
      this.#pipeIsBroken = true;
      return;
    }
    const isEcho = reason === this.#reason && this.#now() - this.#askedAtMs < ECHO_MS;
    if (this.#reason && !isEcho) this.#insisted.abort(new BerthError("wait.cancelled", "it was cancelled, at once"));
    this.#request(reason);
  }

  #request(reason: StopReason): void {
    if (this.#reason) return;
    this.#askedAtMs = this.#now();
    this.#reason = reason;
    this.#requested.abort(new BerthError("wait.cancelled", "it was cancelled"));
  }
}
