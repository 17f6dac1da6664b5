// Types of @std/text/levenshtein-distance; the npm package that carries it has none.

export function levenshteinDistance(str1: string, str2: string): number;
