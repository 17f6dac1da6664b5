// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DeadlineError } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { encodeRequest, MOST_REQUEST_BYTES, readRequest, type Source } from "../../../lib/host/request.ts";

/** Gives these bytes, at most so many at once, and says what is left of them. */
function sourceOf(bytes: Uint8Array, atOnce: number): Source & { left(): string } {
  let rest = bytes;
  return {
    read: (buffer) => {
      if (rest.length === 0) return Promise.resolve(null);
      const part = rest.subarray(0, Math.min(atOnce, buffer.length));
      buffer.set(part);
      rest = rest.subarray(part.length);
      return Promise.resolve(part.length);
    },
    left: () => new TextDecoder().decode(rest),
  };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const REQUESTS: [what: string, request: unknown][] = [
  ["every kind of character", {
    command: ["a b", "", "'\"\\$`\n\t\u0001\u007f", "ä€😀\u2028", "-n", "%s"],
    env: { A: "1" },
  }],
  ["more than a pipe takes", { command: ["x".repeat(150_000), "€".repeat(120_000)], env: { B: "😀".repeat(9999) } }],
];
for (const [what, request] of REQUESTS) {
  for (const atOnce of [1000, 65_536]) {
    Deno.test(`readRequest() reads what encodeRequest() has made, and leaves the rest: ${what}, ${atOnce} at once`, async () => {
      const encoded = encodeRequest(request);
      const source = sourceOf(new Uint8Array([...encoded, ...bytesOf("the job's own")]), atOnce);
      assertEquals(await readRequest(source), request);
      assertEquals(source.left(), "the job's own");
    });
  }
}

const WRONG: [what: string, bytes: Uint8Array, words: string][] = [
  ["nothing", bytesOf(""), "it ends too early"],
  ["a part of one", encodeRequest({ command: ["hunter"] }).subarray(0, -1), "it ends too early"],
  ["something else", bytesOf("hunter wrote this"), "it does not begin with a length"],
  ["too long a one", bytesOf("ffffffff{}"), "it does not begin with a length"],
  ["what is no JSON", bytesOf("00000006hunter"), "it is not JSON"],
  ["what is no text", new Uint8Array([...bytesOf("00000002"), 0xff, 0xfe]), "it is not JSON"],
];
for (const [what, bytes, words] of WRONG) {
  Deno.test(`readRequest() refuses ${what}, and shows nothing of it`, async () => {
    const error = await assertRejects(() => readRequest(sourceOf(bytes, 1000)), BerthError, words);
    assertEquals([error.code, error.message.includes("hunter")], ["host.request", false]);
  });
}

Deno.test("readRequest() waits no longer than it may", async () => {
  const silent: Source = { read: () => new Promise(() => {}) };
  await assertRejects(() => readRequest(silent, 10), DeadlineError, "the front process's request");
});

Deno.test("encodeRequest() refuses what is too large to be handed on", () => {
  const error = assertThrows(() => encodeRequest("x".repeat(MOST_REQUEST_BYTES)), BerthError, "16 MiB on at most");
  assertEquals(error.code, "usage.value");
});
