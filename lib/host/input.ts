/**
 * The job's standard input on its way from the front process, which has it, to the host process. It goes behind the
 * request, on the same pipe:
 *
 *     filling    more than a pipe holds: whoever has written it knows that it is being read
 *     pieces     each with its length in front
 *     the end    a length of 0: a front process that is gone says nothing
 *     a break    in place of the end, where the input can't be read: a length of all ones, and a piece that says why
 *
 * So nothing of the caller's input is taken for a job that comes to nothing, and what broke off is not taken for whole.
 *
 * @module
 */

import { BerthError, describeError } from "../base/errors.ts";
import { LENGTH_DIGITS, parseLength, readExactly, type Source } from "./request.ts";

/** Length of the filling, bytes. A pipe holds 64 KiB, and 1 MiB where somebody has made it larger (pipe(7)). */
const FILLING_BYTES = 1024 ** 2 + 64 * 1024;

/** Longest piece, bytes. */
const PIECE_BYTES = 64 * 1024;

/** The length that tells of a break. */
const BREAK_LENGTH = 2 ** 32 - 1;

/** Sends the input, from when it is wanted on. @throws what keeps it from being written: who should read it has ended. */
export async function sendInput(
  writer: Pick<WritableStreamDefaultWriter<Uint8Array>, "write">,
  open: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  const send = async (piece: Uint8Array) => {
    await writer.write(encodeLength(piece.length));
    await writer.write(piece);
  };
  await writer.write(new Uint8Array(FILLING_BYTES - 1));
  // By itself: a runtime may take a write for done of which the pipe had a part when its reader went (Deno 2.6 does).
  await writer.write(new Uint8Array(1));
  for await (const chunk of untilBreak(open)) {
    if (!(chunk instanceof Uint8Array)) {
      await writer.write(encodeLength(BREAK_LENGTH));
      return await send(new TextEncoder().encode(describeError(chunk.error)).subarray(0, PIECE_BYTES));
    }
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      await send(chunk.subarray(start, start + PIECE_BYTES));
    }
  }
  await writer.write(encodeLength(0));
}

/** The pieces of an input, and what has kept it from being read to its end. */
async function* untilBreak(
  open: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array | { readonly error: unknown }> {
  // Here nothing else is in reach that could fail: what is thrown where this yields does not come in here.
  try {
    for await (const chunk of open()) yield chunk;
  } catch (error) {
    yield { error };
  }
}

function encodeLength(length: number): Uint8Array {
  return new TextEncoder().encode(length.toString(16).padStart(LENGTH_DIGITS, "0"));
}

/**
 * The input, of which nothing is asked for before somebody reads it. It fails with `job.input` where it could not be read,
 * and with `host.request` where it breaks off.
 *
 * @param source what is left of it when the request is read.
 */
export function receiveInput(source: Source): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (isFirst) await readExactly(source, FILLING_BYTES);
      isFirst = false;
      const length = parseLength(await readExactly(source, LENGTH_DIGITS));
      if (length === 0) return controller.close();
      if (length === BREAK_LENGTH) throw await readBreak(source);
      if (length > PIECE_BYTES) throw notOfBerth();
      controller.enqueue(await readExactly(source, length));
    },
  }, { highWaterMark: 0 });
}

async function readBreak(source: Source): Promise<BerthError> {
  const length = parseLength(await readExactly(source, LENGTH_DIGITS));
  if (length > PIECE_BYTES) return notOfBerth();
  const why = new TextDecoder().decode(await readExactly(source, length));
  return new BerthError("job.input", `the job's input can't be read: ${why}`);
}

function notOfBerth(): BerthError {
  return new BerthError("host.request", "the job's input is not in the form of berth's");
}
