/**
 * The one error of the test host's scripts: something outside the tests went wrong, and the message
 * says what and what to do. `main.ts` prints it without a stack.
 *
 * @module
 */

/** A message for the user, not a bug. */
export class TestHostError extends Error {
  override name = "TestHostError";
}

/** The user's INT, TERM or HUP, with the exit status that a shell gives for it. */
export class Cancelled extends TestHostError {
  override name = "Cancelled";

  constructor(readonly exitCode: number, signal: Deno.Signal) {
    super(`cancelled by ${signal}`);
  }
}

/** A named wait that took too long. */
export class TimedOut extends TestHostError {
  override name = "TimedOut";
}
