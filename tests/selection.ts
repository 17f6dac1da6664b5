/**
 * Which tests of a suite run: `core`, those that core.ts names; `K/N`, the K-th of N parts of all the others; or all.
 *
 * A test belongs to a part by its name alone, so that a run can be repeated, and a new test moves no other one.
 *
 * Pure.
 *
 * @module
 */

/** Which of the tests. */
export type Selection = { readonly kind: "all" } | { readonly kind: "core" } | Part;

/** One of several parts of what the core leaves out. */
export interface Part {
  readonly kind: "part";
  readonly part: number;
  readonly parts: number;
}

/** Reads a selection. @throws {TypeError} naming what it wants. */
export function parseSelection(text: string | undefined): Selection {
  if (text === undefined) return { kind: "all" };
  if (text === "core") return { kind: "core" };
  const [part, parts] = (/^([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(text) ?? []).slice(1).map(Number);
  if (part <= parts) return { kind: "part", part, parts };
  throw new TypeError(`${text}: wants "core", or K/N, the K-th of N parts, as in 1/3`);
}

/** Whether the test of that name is one of them. */
export function isSelected(name: string, selection: Selection, core: ReadonlySet<string>): boolean {
  if (selection.kind === "all") return true;
  if (selection.kind === "core") return core.has(name);
  return !core.has(name) && hash(name) % selection.parts === selection.part - 1;
}

/** FNV-1a: spreads names that differ in a letter only. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
