/**
 * Checks of values that somebody else has written.
 *
 * @module
 */

/**
 * What a schema's check of a value gives; undefined for a value that is wrong in more places than the check can hand on
 * (zod hands them on as arguments, of which there can be some hundred thousand).
 */
export function checkBounded<R>(check: () => R): R | undefined {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

/** What is said of such a value. */
export const TOO_MUCH_WRONG = "more is wrong with it than can be told";
