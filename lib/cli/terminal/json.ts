/**
 * JSON that a terminal may show. Pure.
 *
 * @module
 */

/**
 * What JSON lets through and terminals may obey: DEL and C1 controls, line and paragraph separators, and what changes the
 * direction of a text.
 */
const CONTROLS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/**
 * The value as JSON: a guest's words stay what they are, and control nothing.
 *
 * @param space as JSON.stringify() has it.
 * @param nameOf gives texts the paths that the user knows: each for itself, as a path may have what JSON escapes.
 */
export function toJson(value: unknown, space?: number, nameOf: (text: string) => string = (text) => text): string {
  const named = (_key: string, one: unknown) => typeof one === "string" ? nameOf(one) : one;
  const escape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, named, space).replace(CONTROLS, escape);
}
