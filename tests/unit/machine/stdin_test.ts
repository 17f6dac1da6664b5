// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { settlesWithin, within } from "../../../lib/base/deadline.ts";
import { describeError } from "../../../lib/base/errors.ts";
import { Hub } from "../../../lib/guest/hub.ts";
import { feedStdin } from "../../../lib/machine/stdin.ts";
import { Caller, socketPath } from "../../support/socket.ts";

const TOKEN = "0123456789abcdefghjkmnpqrs";

function unexpected(error: unknown): never {
  throw error;
}

Deno.test("feedStdin() sends every chunk with its length, and a length of 0 at the end", async () => {
  using socket = await socketPath("hub");
  await using hub = Hub.listen(socket.path);
  const ended = Promise.withResolvers<void>();
  const feeding = feedStdin(
    ReadableStream.from([new Uint8Array([0, 255, 10]), new Uint8Array([65, 10])]),
    { arriving: hub.expect(TOKEN, "stdin"), vmEnded: ended.promise, onBroken: unexpected },
  );
  using job = await Caller.dial(socket.path);
  await job.send(`hello ${TOKEN} stdin\n`);
  const lines = [];
  for (let line = await job.line(); lines.push(line), line !== "0"; line = await job.line());
  assertEquals(lines, ["3", "\x00\xff", "2", "A", "0"]);
  ended.resolve();
  await feeding;
});

Deno.test("feedStdin() lets go of the input when the job does not read all of it", async () => {
  using socket = await socketPath("hub");
  await using hub = Hub.listen(socket.path);
  const cancelled = Promise.withResolvers<void>();
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65536)),
    cancel: () => cancelled.resolve(),
  });
  const feeding = feedStdin(endless, {
    arriving: hub.expect(TOKEN, "stdin"),
    vmEnded: Promise.resolve(),
    onBroken: unexpected,
  });
  const job = await Caller.dial(socket.path);
  await job.send(`hello ${TOKEN} stdin\n`);
  job[Symbol.dispose]();
  await within(Promise.all([feeding, cancelled.promise]), 5000, "the end of the feeding");
});

Deno.test("feedStdin() does not end the job's input where it breaks off, and hangs up with the VM only", async () => {
  using socket = await socketPath("hub");
  await using hub = Hub.listen(socket.path);
  const ended = Promise.withResolvers<void>();
  const told: unknown[] = [];
  const broken = ReadableStream.from((async function* () {
    yield new Uint8Array([65]);
    throw new Error("the front process is gone");
  })());
  const feeding = feedStdin(broken, {
    arriving: hub.expect(TOKEN, "stdin"),
    vmEnded: ended.promise,
    onBroken: (error) => told.push(error),
  });
  using job = await Caller.dial(socket.path);
  await job.send(`hello ${TOKEN} stdin\n`);
  assertEquals(await job.line(), "1");
  const next = job.line();
  assertEquals(await settlesWithin(next, 100), false);
  assertEquals(told.map(describeError), ["the front process is gone"]);
  ended.resolve();
  await feeding;
  assertEquals(await next, undefined);
});
