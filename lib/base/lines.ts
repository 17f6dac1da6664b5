/**
 * Lines from bytes that nobody vouches for. `TextLineStream` of @std/streams keeps a line of any length, and so whatever
 * a guest sends without a newline.
 *
 * @module
 */

import { BerthError, type ErrorCode } from "./errors.ts";

/**
 * Yields the lines of a stream without their newlines. What stands after the last newline is not a line.
 *
 * @throws {BerthError} with `code` when a line is longer than `limitBytes`, before more of it is kept.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  limitBytes: number,
  code: ErrorCode,
): AsyncGenerator<string, void> {
  let held = new Uint8Array();
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield decode(join(held, chunk.subarray(start, end), limitBytes, code));
      held = new Uint8Array();
      start = end + 1;
    }
    held = join(held, chunk.subarray(start), limitBytes, code);
  }
}

function join(held: Uint8Array, more: Uint8Array, limitBytes: number, code: ErrorCode): Uint8Array<ArrayBuffer> {
  if (held.length + more.length > limitBytes) throw new BerthError(code, `a line is longer than ${limitBytes} bytes`);
  const whole = new Uint8Array(held.length + more.length);
  whole.set(held);
  whole.set(more, held.length);
  return whole;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
