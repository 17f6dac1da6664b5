// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { readLines } from "../../../lib/base/lines.ts";
import { seeded } from "../../support/random.ts";

function lines(chunks: readonly (string | Uint8Array)[], limit = 100): Promise<string[]> {
  const encoder = new TextEncoder();
  const bytes = chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  return Array.fromAsync(readLines(ReadableStream.from(bytes), limit, "guest.protocol"));
}

Deno.test("readLines() yields lines without their newlines, empty ones too", async () => {
  assertEquals(await lines(["a\n\nb\r\n"]), ["a", "", "b\r"]);
});

Deno.test("readLines() takes what stands after the last newline for no line", async () => {
  assertEquals(await lines(["whole\nhal", "f"]), ["whole"]);
  assertEquals(await lines([]), []);
});

Deno.test("readLines() puts lines together however the bytes are cut", async () => {
  const text = "hello\n\nwörld 日本語\n" + "x".repeat(50) + "\n";
  const bytes = new TextEncoder().encode(text);
  const random = seeded(1);
  for (let round = 0; round < 200; round++) {
    const cuts = Array.from({ length: 5 }, () => random(bytes.length + 1)).sort((a, b) => a - b);
    const chunks = [0, ...cuts].map((cut, index) => bytes.subarray(cut, [...cuts, bytes.length][index]));
    assertEquals(await lines(chunks), text.split("\n").slice(0, -1), `cut at ${cuts}`);
  }
});

Deno.test("readLines() takes a line of exactly the limit", async () => {
  assertEquals(await lines(["x".repeat(60), "x".repeat(40) + "\n"]), ["x".repeat(100)]);
});

for (
  const [how, chunks] of [["in one piece", ["x".repeat(101) + "\n"]], ["without an end", ["x".repeat(101)]], [
    "in pieces",
    ["x".repeat(100), "x\n"],
  ]] as const
) {
  Deno.test(`readLines() throws with its code at a line over the limit, ${how}`, async () => {
    const error = await assertRejects(() => lines(chunks), BerthError, "a line is longer than 100 bytes");
    assertEquals(error.code, "guest.protocol");
  });
}

Deno.test("readLines() stops reading at a line that never ends", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(10).fill(120));
    },
  });
  await assertRejects(() => Array.fromAsync(readLines(endless, 100, "vmm.qmp")), BerthError);
  assertEquals(pulled < 20, true, `${pulled} chunks were taken`);
});

Deno.test("readLines() keeps a byte order mark, which is as good a content as any", async () => {
  assertEquals(await lines(["\uFEFFstarted\n"]), ["\uFEFFstarted"]);
});
