/**
 * The known name that a mistyped one was probably meant to be.
 *
 * @module
 */

// @ts-types="./types/closest_string.d.ts"
import { closestString } from "@std/text/closest-string";
// @ts-types="./types/levenshtein_distance.d.ts"
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** Suggestion `; did you mean "x"?` when one of the known names is near; else the empty text. */
export function didYouMean(name: string, known: readonly string[]): string {
  // A third of its letters may be wrong; closestString() by itself finds something for whatever was typed.
  const near = known.filter((one) => levenshteinDistance(name, one) <= Math.max(1, Math.floor(one.length / 3)));
  return near.length ? `; did you mean "${closestString(name, near, { caseSensitive: true })}"?` : "";
}
