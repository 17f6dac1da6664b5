// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { settlesWithin } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { receiveInput, sendInput } from "../../../lib/host/input.ts";
import type { Source } from "../../../lib/host/request.ts";

/** A pipe of the kernel's, that holds some bytes: `cat` between two of them. */
async function withPipe<T>(
  fn: (writer: WritableStreamDefaultWriter<Uint8Array>, source: Source) => Promise<T>,
): Promise<T> {
  const child = new Deno.Command("sh", { args: ["-c", "exec cat"], stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader({ mode: "byob" });
  const source: Source = {
    read: async (buffer) => {
      const { value } = await reader.read(new Uint8Array(Math.min(buffer.length, 65_536)));
      if (!value?.length) return null;
      buffer.set(value);
      return value.length;
    },
  };
  try {
    return await fn(child.stdin.getWriter(), source);
  } finally {
    await reader.cancel();
    await child.status;
  }
}

async function* piecesOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

Deno.test("receiveInput() has what sendInput() was given, byte by byte, and its end", async () => {
  const texts = ["one\n", "", "x".repeat(200_000), "ä€\0"];
  const got = await withPipe(async (writer, source) => {
    const sent = sendInput(writer, () => piecesOf(...texts)).then(() => writer.close());
    const text = await new Response(receiveInput(source)).text();
    await sent;
    return text;
  });
  assertEquals(got, texts.join(""));
});

Deno.test("sendInput() takes nothing of the caller's before somebody wants it", async () => {
  await withPipe(async (writer, source) => {
    let isOpen = false;
    const sent = sendInput(writer, () => {
      isOpen = true;
      return piecesOf("a");
    });
    const input = receiveInput(source);
    assertEquals([await settlesWithin(sent, 200), isOpen], [false, false]);
    assertEquals(await new Response(input).text(), "a");
    await sent;
    assertEquals(isOpen, true);
    await writer.close();
  });
});

Deno.test("sendInput() takes nothing of the caller's where a failed write is told of only by the next one", async () => {
  let writes = 0;
  const write = () => ++writes === 1 ? Promise.resolve() : Promise.reject(new Deno.errors.BrokenPipe());
  let isOpen = false;
  const open = () => {
    isOpen = true;
    return piecesOf("a");
  };
  await assertRejects(() => sendInput({ write }, open), Deno.errors.BrokenPipe);
  assertEquals(isOpen, false);
});

Deno.test("receiveInput() does not take for the end what can't be read any more, and says why", async () => {
  await withPipe(async (writer, source) => {
    const broken = (async function* () {
      yield* piecesOf("half of a line");
      throw new Error("the disk is gone");
    })();
    const sent = sendInput(writer, () => broken).then(() => writer.close());
    const reader = receiveInput(source).getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "half of a line");
    const error = await assertRejects(
      () => reader.read(),
      BerthError,
      "the job's input can't be read: the disk is gone",
    );
    assertEquals(error.code, "job.input");
    await sent;
  });
});

Deno.test("receiveInput() does not take for the end what nobody sends any more", async () => {
  await withPipe(async (writer, source) => {
    const filling = new Uint8Array(1024 ** 2 + 64 * 1024);
    const gone = writer.write(filling).then(() => writer.write(new TextEncoder().encode("00000004half"))).then(() =>
      writer.close()
    );
    const error = await assertRejects(() => new Response(receiveInput(source)).text(), BerthError, "it ends too early");
    assertEquals(error.code, "host.request");
    await gone;
  });
});

Deno.test("sendInput() fails where nobody reads any more, whatever the input", async () => {
  const gone = { write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) };
  await assertRejects(() => sendInput(gone, () => piecesOf("a")), Deno.errors.BrokenPipe);
  let count = 0;
  const later = { write: () => ++count > 2 ? Promise.reject(new Deno.errors.BrokenPipe("gone")) : Promise.resolve() };
  await assertRejects(() => sendInput(later, () => piecesOf("a", "b")), Deno.errors.BrokenPipe);
  assertEquals(count, 3);
});

Deno.test("receiveInput() refuses what sendInput() does not make", async () => {
  await withPipe(async (writer, source) => {
    const filling = writer.write(new Uint8Array(1024 ** 2 + 64 * 1024));
    const sent = filling.then(() => writer.write(new TextEncoder().encode("fffffffex"))).then(() => writer.close());
    await assertRejects(() => new Response(receiveInput(source)).text(), BerthError, "not in the form of berth's");
    await sent;
  });
});
