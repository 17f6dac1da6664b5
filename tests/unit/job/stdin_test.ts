// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { Hub } from "../../../lib/guest/hub.ts";
import { feedStdin } from "../../../lib/job/stdin.ts";
import { Caller, socketPath } from "../../support/socket.ts";

const TOKEN = "0123456789abcdefghjkmnpqrs";

Deno.test("feedStdin() sends every chunk with its length, and a length of 0 at the end", async () => {
  using socket = await socketPath("hub");
  await using hub = Hub.listen(socket.path);
  const ended = Promise.withResolvers<void>();
  const feeding = feedStdin(
    ReadableStream.from([new Uint8Array([0, 255, 10]), new Uint8Array([65, 10])]),
    hub.expect(TOKEN, "stdin"),
    ended.promise,
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
  const feeding = feedStdin(endless, hub.expect(TOKEN, "stdin"), Promise.resolve());
  const job = await Caller.dial(socket.path);
  await job.send(`hello ${TOKEN} stdin\n`);
  job[Symbol.dispose]();
  await within(Promise.all([feeding, cancelled.promise]), 5000, "the end of the feeding");
});
