// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { settlesWithin, within } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { type GuestConnection, Hub } from "../../../lib/guest/hub.ts";
import { LINE_LIMIT_BYTES } from "../../../lib/guest/protocol.ts";
import { Caller, socketPath } from "../../support/socket.ts";

const TOKEN = "0123456789abcdefghjkmnpqrs";
const OTHER = "zzzzzzzzzzzzzzzzzzzzzzzzzz";

interface Scene {
  readonly hub: Hub;
  readonly expected: Promise<GuestConnection>;
  dial(...words: (string | Uint8Array)[]): Promise<Caller>;
}

/** A test with a hub that expects one agent. */
function hubTest(name: string, fn: (scene: Scene) => Promise<void>): void {
  Deno.test(name, async () => {
    using socket = await socketPath("hub");
    await using stack = new AsyncDisposableStack();
    const hub = stack.use(Hub.listen(socket.path));
    const dial = async (...words: (string | Uint8Array)[]) => {
      const caller = stack.use(await Caller.dial(socket.path));
      for (const word of words) await caller.send(word);
      return caller;
    };
    await fn({ hub, expected: hub.expect(TOKEN, "agent"), dial });
  });
}

/** The right agent is still let in. */
async function assertOpen({ expected, dial }: Scene): Promise<void> {
  const caller = await dial(`hello ${TOKEN} agent\nstarted\n`);
  using connection = await within(expected, 5000, "the connection");
  assertEquals((await connection.lines.next()).value, "started");
  await connection.write(new TextEncoder().encode("exec x\n"));
  assertEquals(await caller.line(), "exec x");
}

hubTest("expect() delivers the connection with the right token, lines and all", assertOpen);

const STRANGERS: [string, (string | Uint8Array)[]][] = [
  ["a wrong token", [`hello ${OTHER} agent\n`]],
  ["the right token in another role", [`hello ${TOKEN} stdin\n`]],
  ["garbage", [crypto.getRandomValues(new Uint8Array(1000)).map((byte) => byte | 16), "\n"]],
  ["bytes that are no UTF-8", [new Uint8Array([0xff, 0xfe, 0x80, 10])]],
  ["an empty line", ["\n", `hello ${TOKEN} agent\n`]],
  ["HTTP", ["GET / HTTP/1.1\r\nHost: x\r\n\r\n"]],
  ["a token with more behind it", [`hello ${TOKEN} agent x\n`]],
  ["a line without an end", ["x".repeat(LINE_LIMIT_BYTES + 1)]],
];
for (const [what, words] of STRANGERS) {
  hubTest(`a Hub hangs up on ${what}, and takes the right one afterwards`, async (scene) => {
    const stranger = await scene.dial();
    // Hung up on before all is sent is as good.
    for (const word of words) await stranger.send(word).catch(() => {});
    assertEquals(await within(stranger.line(), 5000, "the hub to hang up"), undefined);
    await assertOpen(scene);
  });
}

hubTest("a Hub is not kept by a connection that says nothing, or half a hello", async (scene) => {
  await scene.dial();
  await scene.dial(`hello ${TOKEN.slice(0, 10)}`);
  await assertOpen(scene);
});

Deno.test("a Hub hangs up on a connection that does not say in time who it is", async () => {
  using socket = await socketPath("hub");
  await using _hub = Hub.listen(socket.path, 20);
  for (const words of ["", `hello ${TOKEN.slice(0, 10)}`]) {
    using caller = await Caller.dial(socket.path);
    await caller.send(words);
    assertEquals(await within(caller.line(), 5000, "the hub to hang up"), undefined);
  }
});

hubTest("a Hub forgets a connection that breaks off in the middle of its hello", async (scene) => {
  (await scene.dial())[Symbol.dispose]();
  (await scene.dial("hello "))[Symbol.dispose]();
  await assertOpen(scene);
});

hubTest("a hello may come in pieces", async ({ expected, dial }) => {
  const caller = await dial("hel");
  await caller.send(`lo ${TOKEN} ag`);
  await caller.send("ent");
  assertEquals(await settlesWithin(expected, 1), false);
  await caller.send("\nsta");
  await caller.send("rted\n");
  using connection = await within(expected, 5000, "the connection");
  assertEquals((await connection.lines.next()).value, "started");
});

hubTest("a token is good once", async ({ expected, dial }) => {
  await dial(`hello ${TOKEN} agent\n`);
  using _first = await within(expected, 5000, "the connection");
  const second = await dial(`hello ${TOKEN} agent\n`);
  assertEquals(await within(second.line(), 5000, "the hub to hang up"), undefined);
});

hubTest("forget() makes a stranger of a token, and expect() makes it good again", async ({ hub, dial }) => {
  hub.forget(TOKEN);
  const late = await dial(`hello ${TOKEN} agent\n`);
  assertEquals(await within(late.line(), 5000, "the hub to hang up"), undefined);
  await assertOpen({ hub, dial, expected: hub.expect(TOKEN, "agent") });
});

hubTest("one hub serves several VMs, each with its own two connections", async ({ hub, expected, dial }) => {
  const [stdin, other] = [hub.expect(TOKEN, "stdin"), hub.expect(OTHER, "agent")];
  await dial(`hello ${OTHER} agent\nof the other\n`);
  await dial(`hello ${TOKEN} stdin\nof stdin\n`);
  await dial(`hello ${TOKEN} agent\nof the agent\n`);
  for (const [promise, line] of [[expected, "of the agent"], [stdin, "of stdin"], [other, "of the other"]] as const) {
    using connection = await within(promise, 5000, line);
    assertEquals((await connection.lines.next()).value, line);
  }
});

hubTest("a Hub turns away the 65th stranger, and has room again when one leaves", async (scene) => {
  const strangers = await Array.fromAsync({ length: 64 }, () => scene.dial());
  const oneMore = await scene.dial();
  assertEquals(await within(oneMore.line(), 5000, "the hub to hang up"), undefined);
  await strangers[0].send("I leave\n");
  assertEquals(await within(strangers[0].line(), 5000, "the hub to hang up"), undefined);
  await assertOpen(scene);
});

hubTest("lines throw at a line that is too long, and end when the guest hangs up", async ({ hub, expected, dial }) => {
  await dial(`hello ${TOKEN} agent\n${"x".repeat(LINE_LIMIT_BYTES + 1)}`);
  using connection = await within(expected, 5000, "the connection");
  assertEquals((await assertRejects(() => connection.lines.next(), BerthError)).code, "guest.protocol");
  const again = hub.expect(TOKEN, "agent");
  const caller = await dial(`hello ${TOKEN} agent\nlast\nhalf`);
  using second = await within(again, 5000, "the connection");
  assertEquals((await second.lines.next()).value, "last");
  caller[Symbol.dispose]();
  assertEquals((await second.lines.next()).done, true);
});

Deno.test("disposing a Hub hangs up on strangers, and takes the socket away", async () => {
  using socket = await socketPath("hub");
  const hub = Hub.listen(socket.path);
  using stranger = await Caller.dial(socket.path);
  await stranger.send("hello");
  await hub[Symbol.asyncDispose]();
  assertEquals(await within(stranger.line(), 5000, "the hub to hang up"), undefined);
  await assertRejects(() => Deno.lstat(socket.path), Deno.errors.NotFound);
});
