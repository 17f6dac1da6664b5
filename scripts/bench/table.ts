/**
 * The benchmark's words: lines for people. Pure.
 *
 * @module
 */

import { type Comparison, isMet, type Summary, type Target } from "./statistics.ts";

/** One result. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly target: Target;
  /** Two sides and their ratio, which the target is for; or one side, with the target for its median. */
  readonly result: Comparison | { readonly berth: Summary };
}

const HEAD = ["", "berth (min–max)", "opponent (min–max)", "ratio", "by pair", "wanted", ""];
const SIGNS = { most: "≤", least: "≥", below: "<" };

/** Whether a result is as the project wants it. */
export function rowIsMet({ result, target }: Row): boolean {
  return isMet(target, "ratio" in result ? result.ratio : result.berth.median);
}

/** All results under one head, each column as wide as its widest cell. */
export function formatRows(rows: readonly Row[]): string {
  return align([HEAD, ...rows.map(cells)]);
}

function cells(row: Row): string[] {
  const { name, unit, result, target } = row;
  const both = "ratio" in result;
  const wanted = `${SIGNS[target.at]} ${target.value}${both ? "" : ` ${unit}`}`;
  return [
    name,
    formatSummary(result.berth, unit),
    both ? formatSummary(result.other, unit) : "–",
    both ? result.ratio.toFixed(3) : "–",
    both ? result.pairRatio.toFixed(3) : "–",
    wanted,
    rowIsMet(row) ? "ok" : "missed",
  ];
}

function formatSummary({ median, min, max }: Summary, unit: string): string {
  return `${formatNumber(median)} ${unit} (${formatNumber(min)}–${formatNumber(max)})`;
}

function formatNumber(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/** Lines of cells as lines of text, in columns. */
export function align(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  return lines.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()).join("\n");
}

/** Reads lines of `name TAB value`. */
export function parseFacts(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.includes("\t"));
  return Object.fromEntries(lines.map((line) => {
    const tab = line.indexOf("\t");
    return [line.slice(0, tab), line.slice(tab + 1).trim()];
  }));
}
