/**
 * Somebody's wish that a job end.
 *
 * @module
 */

/** Why a job is stopped from outside. SIGPIPE: nobody reads its output any more. */
export type StopReason = "SIGINT" | "SIGTERM" | "SIGPIPE";

/** The numbers that POSIX gives them; a cancelled job's exit status is 128 more. */
export const STOP_NUMBERS: Readonly<Record<StopReason, number>> = { SIGINT: 2, SIGTERM: 15, SIGPIPE: 13 };

/** The first wish stops the job in good order, a second one at once. */
export class StopRequest {
  readonly #requested = new AbortController();
  readonly #insisted = new AbortController();
  #reason: StopReason | undefined;

  /** Aborted by the first wish. */
  get requested(): AbortSignal {
    return this.#requested.signal;
  }

  /** Aborted by the second wish. */
  get insisted(): AbortSignal {
    return this.#insisted.signal;
  }

  /** Why; undefined as long as nobody wants the job to end. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  stop(reason: StopReason): void {
    // A pipe that breaks is no wish of its own: it comes with the signal that ended its reader, too.
    if (this.#reason && reason !== "SIGPIPE") this.#insisted.abort();
    this.#reason ??= reason;
    this.#requested.abort();
  }
}
