/**
 * Text for a shell.
 *
 * @module
 */

/** Word of POSIX shell that stands for exactly this text: inside single quotes only the quote itself is special. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
