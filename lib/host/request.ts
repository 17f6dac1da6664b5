/**
 * What the front process asks of the host process, on a way that nobody else can read: command lines can be read by
 * everybody on the host, and environments by all of the user's programs. It stands at the beginning of the host process's
 * standard input, with its length in front; behind it comes the job's own input: see input.ts. No process keeps it, and no file has it.
 *
 * @module
 */

import { within } from "../base/deadline.ts";
import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";

/** Largest request, bytes: some times what Linux takes for a command line and its environment. */
export const MOST_REQUEST_BYTES = 16 * 1024 ** 2;

/** Digits of the length, which is hexadecimal. */
export const LENGTH_DIGITS = 8;

/** Time that a host process has to read its request, milliseconds: the front process has sent it by then. */
const READ_MS = 30_000;

/** The bytes of a request, which is JSON there. Pure. @throws {BerthError} `usage.value` for one that is too large. */
export function encodeRequest(request: unknown): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(request));
  if (text.length > MOST_REQUEST_BYTES) {
    const [size, most] = [text.length, MOST_REQUEST_BYTES].map(formatBytes);
    throw new BerthError("usage.value", `the job has ${size} of words and variables; berth hands ${most} on at most`);
  }
  const bytes = new Uint8Array(LENGTH_DIGITS + text.length);
  bytes.set(new TextEncoder().encode(text.length.toString(16).padStart(LENGTH_DIGITS, "0")));
  bytes.set(text, LENGTH_DIGITS);
  return bytes;
}

/** Something that bytes come from, as `Deno.stdin` is. */
export interface Source {
  /** Fills a part of the buffer; resolves to how much, or null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * Reads what this host process was asked, and not a byte more.
 *
 * @throws {BerthError} `host.request` when there is none. @throws {DeadlineError} when it does not come.
 */
export async function readRequest(source: Source, timeoutMs = READ_MS): Promise<unknown> {
  return await within(read(source), timeoutMs, "the front process's request");
}

async function read(source: Source): Promise<unknown> {
  const length = parseLength(await readExactly(source, LENGTH_DIGITS));
  if (length > MOST_REQUEST_BYTES) throw wrong("it does not begin with a length");
  const bytes = await readExactly(source, length);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // What stands there may be a secret.
    throw wrong("it is not JSON");
  }
}

/** The length that these digits say; infinite for anything else. Pure. */
export function parseLength(digits: Uint8Array): number {
  const text = new TextDecoder().decode(digits);
  return /^[0-9a-f]{8}$/.test(text) ? parseInt(text, 16) : Infinity;
}

/** So many bytes, and not one more. @throws {BerthError} `host.request` when there are not so many. */
export async function readExactly(source: Source, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let have = 0; have < length;) {
    const count = await source.read(bytes.subarray(have));
    if (count === null) throw wrong("it ends too early");
    have += count;
  }
  return bytes;
}

function wrong(what: string): BerthError {
  return new BerthError("host.request", `the host process got no request from the front process: ${what}`);
}
