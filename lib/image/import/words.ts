/**
 * Words that come from somebody's archive, fit to be shown. Pure.
 *
 * @module
 */

import { en } from "zod/locales";

const SHOWN_LENGTH = 600;

/** For a schema's parse: what has no words of ours has zod's, of which the small zod has none by itself. */
export const ZOD_WORDS = { error: en().localeError };

/** Text without anything that a terminal would obey, and not too long. */
export function plainWords(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim();
  return plain.length > SHOWN_LENGTH ? `${plain.slice(0, SHOWN_LENGTH)}…` : plain;
}

/** Last lines of what a tool has said: the ones with the reason. */
export function lastWords(stderr: string): string {
  return plainWords(stderr.trim().split("\n").slice(-3).join(" ")) || "it failed without a word";
}
