/**
 * Tables for a terminal. Pure.
 *
 * @module
 */

/** Pads the cells of each column to the same width. The first row says how many columns there are. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd());
}
