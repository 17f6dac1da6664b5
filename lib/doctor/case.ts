/**
 * What a judge of one area knows, and how it takes what could not be found out. Pure.
 *
 * @module
 */

import { quoteWord } from "../base/quote.ts";
import type { Facts, Tried, Tries } from "./facts.ts";
import { type Area, type Finding, type FindingId, warn } from "./finding.ts";

/** Knowledge of a judge beside the facts of its area. */
export interface Case {
  readonly isRoot: boolean;
  readonly user: string;
  /** The state folder, as the user named it. */
  readonly stateDir: string;
  readonly tries: Tries;
  /** The facts of another area; without any, when they could not be collected. */
  readonly other: (area: Area) => Facts;
}

/** Judge of an area: the findings that its facts, and what was tried, come to. */
export type Judge = (facts: Facts, about: Case) => Finding[];

/** Finding of what could not be found out. */
export function unknown(area: Area, problem: string): Finding {
  return warn(`${area}.unknown` as FindingId, `not known: ${problem}`, "nobody can say what this means for jobs");
}

/** Findings of a try: judged, or its problem, or none where nobody tried. */
export function judgeTry<T>(area: Area, tried: Tried<T> | undefined, judge: (value: T) => Finding[]): Finding[] {
  if (!tried) return [];
  return "problem" in tried ? [unknown(area, tried.problem)] : judge(tried.value);
}

/** Result of a try; undefined when it could not be done, and when there was none. */
export function valueOf<T>(tried: Tried<T> | undefined): T | undefined {
  return tried && "value" in tried ? tried.value : undefined;
}

/** Names in words, but not more than anybody reads. */
export function nameSome(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}

/** Words of a failed try of collect.sh's. */
export function wordsOf(outcome: string | undefined): string {
  return (outcome ?? "nobody knows why").replace(/^fails: /, "");
}

/** A word of a command line, for a shell. */
export function quote(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : quoteWord(word);
}
