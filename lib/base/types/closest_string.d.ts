// Types of what is used here of @std/text/closest-string; the npm package that carries it has none.

export interface ClosestStringOptions {
  caseSensitive?: boolean;
}

export function closestString(
  givenWord: string,
  possibleWords: readonly string[],
  options?: ClosestStringOptions,
): string;
