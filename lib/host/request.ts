/**
 * What the front process asks of the host process, on a way that only their user can read: a command line can be read by
 * everybody on the host. Variables carry it to windows.sh, which puts it into a file that nobody else sees; no process
 * has them for longer, and whatever is killed, nothing stays.
 *
 * @module
 */

import { REQUEST } from "./windows.ts";

/** Linux takes no more than 128 KiB in one variable. */
const PART_CHARS = 100_000;

/** The variables; windows.sh has their names. Pure. */
export function planRequest(request: unknown): Record<string, string> {
  const text = JSON.stringify(request)
    // Nothing that could be cut in the middle.
    .replaceAll(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const parts = Array.from(
    { length: Math.ceil(text.length / PART_CHARS) },
    (_, index) => text.slice(index * PART_CHARS, (index + 1) * PART_CHARS),
  );
  return Object.fromEntries(parts.map((part, index) => [`BERTH_REQUEST_${index}`, part]));
}

/** Reads what this host process was asked, once. */
export function takeRequest(): unknown {
  const text = Deno.readTextFileSync(REQUEST);
  Deno.removeSync(REQUEST);
  return JSON.parse(text);
}
