/**
 * Waits with a name and an end.
 *
 * @module
 */

import { BerthError } from "./errors.ts";
import { formatMillis } from "./units.ts";

/** Error of a wait that took too long; `what` names the wait. */
export class DeadlineError extends BerthError {
  override name = "DeadlineError";

  constructor(readonly what: string, readonly timeoutMs: number) {
    super("wait.deadline", `waited ${formatMillis(timeoutMs)} for ${what}`);
  }
}

/**
 * Value of a promise, if it comes within `timeoutMs`.
 *
 * The promise itself is not cancelled; whoever owns its work must end that.
 *
 * @throws {DeadlineError} when the time is up.
 */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** A signal for several waits that have one end in common. Disposing takes it back. @param what names them all. */
export function deadline(timeoutMs: number, what: string): { readonly signal: AbortSignal } & Disposable {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DeadlineError(what, timeoutMs)), timeoutMs);
  return { signal: late.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/**
 * True when a promise settles within `timeoutMs`, either way; how it was settled is for others to see.
 *
 * @param signal ends the wait before its time.
 */
export async function settlesWithin(
  promise: Promise<unknown>,
  timeoutMs: number,
  signal = new AbortController().signal,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), timeoutMs));
  using stopped = aborted(signal);
  try {
    return await Promise.race([promise.then(() => true, () => true), late, stopped.promise.then(() => false)]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Value of a promise, if it comes before the signal is aborted. As with {@linkcode within}, the work goes on.
 *
 * @throws the signal's reason.
 */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  using stopped = aborted(signal);
  return await Promise.race([
    promise,
    stopped.promise.then((): never => {
      throw signal.reason;
    }),
  ]);
}

/** Promise of a signal's abort; it never rejects. `dispose` takes the listener back. */
export function aborted(signal: AbortSignal): { promise: Promise<void>; [Symbol.dispose](): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listener = () => resolve();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", listener, { once: true });
  return { promise, [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
}
