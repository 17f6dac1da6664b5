// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { settlesWithin, within } from "../../../lib/base/deadline.ts";
import { Hub } from "../../../lib/guest/hub.ts";
import { linkByToken } from "../../../lib/guest/link.ts";
import { Caller, socketPath } from "../../support/socket.ts";

const TOKEN = "0123456789abcdefghjkmnpqrs";
const NONCE = "n0123456789abcdefghjkmnpqr";
const OTHER = "zzzzzzzzzzzzzzzzzzzzzzzzzz";

interface Scene {
  readonly hub: Hub;
  dial(...words: string[]): Promise<Caller>;
}

function hubTest(name: string, fn: (scene: Scene) => Promise<void>, helloMs?: number): void {
  Deno.test(name, async () => {
    using socket = await socketPath("hub");
    await using stack = new AsyncDisposableStack();
    const hub = stack.use(Hub.listen(socket.path, helloMs));
    const dial = async (...words: string[]) => {
      const caller = stack.use(await Caller.dial(socket.path));
      for (const word of words) await caller.send(word);
      return caller;
    };
    await fn({ hub, dial });
  });
}

const lineOf = (caller: Caller) => within(caller.line(), 5000, "a line from the hub");
const soon = <T>(promise: Promise<T>) => within(promise, 5000, "the guest");

/** A guest that is ready, as the hub knows. */
async function dialReady({ hub, dial }: Scene, nonce = NONCE): Promise<Caller> {
  const ready = hub.ready(nonce);
  const caller = await dial(`ready ${nonce}\n`);
  await soon(ready);
  return caller;
}

/** It is whose token it has, and the next line that it gets is the host's first to its agent. */
async function assertBecomes(caller: Caller, { hub }: Scene): Promise<void> {
  const expected = hub.expect(TOKEN, "agent");
  await caller.send(`hello ${TOKEN} agent\nstarted\n`);
  using connection = await soon(expected);
  assertEquals((await connection.lines.next()).value, "started");
  await connection.write(new TextEncoder().encode("exec x\n"));
  assertEquals(await lineOf(caller), "exec x");
}

hubTest(
  "ready() tells of the guest with that nonce, and whether its state is none for others",
  async ({ hub, dial }) => {
    for (const [nonce, words, isUnfit] of [[NONCE, "", false], [OTHER, " unfit", true]] as const) {
      const ready = hub.ready(nonce);
      await dial(`ready ${nonce}${words}\n`);
      assertEquals(await soon(ready), { nonce, isUnfit });
    }
  },
);

hubTest("ready() tells of no guest with another nonce, which the hub hangs up on", async ({ hub, dial }) => {
  const ready = hub.ready(NONCE);
  assertEquals(await lineOf(await dial(`ready ${OTHER}\n`)), undefined);
  assertEquals(await settlesWithin(ready, 1), false);
});

hubTest("a Hub hangs up on who is ready twice", async (scene) => {
  const caller = await dialReady(scene);
  void scene.hub.ready(NONCE);
  await caller.send(`ready ${NONCE}\n`);
  assertEquals(await lineOf(caller), undefined);
});

hubTest("a nonce is good for one guest that is ready, until it is awaited again", async (scene) => {
  await dialReady(scene);
  assertEquals(await lineOf(await scene.dial(`ready ${NONCE}\n`)), undefined);
  await assertBecomes(await dialReady(scene), scene);
});

hubTest("a Hub hangs up on who is ready and says nothing more", async (scene) => {
  assertEquals(await lineOf(await dialReady(scene)), undefined);
}, 20);

hubTest("ask() asks a guest that is ready, which becomes somebody", async (scene) => {
  const caller = await dialReady(scene);
  using _asked = scene.hub.ask(NONCE);
  assertEquals(await lineOf(caller), `who ${NONCE}`);
  await assertBecomes(caller, scene);
});

hubTest("ask() asks a guest that has said nothing, as one does that goes on from a saved state", async (scene) => {
  const caller = await scene.dial();
  // Whoever dials in later is taken later.
  await dialReady(scene, OTHER);
  using _asked = scene.hub.ask(NONCE);
  assertEquals(await lineOf(caller), `who ${NONCE}`);
  await assertBecomes(caller, scene);
});

hubTest("ask() asks a guest that is still to dial in", async (scene) => {
  using _asked = scene.hub.ask(NONCE);
  const caller = await scene.dial();
  assertEquals(await lineOf(caller), `who ${NONCE}`);
  await assertBecomes(caller, scene);
});

hubTest("ask() does not ask a guest that is ready with another nonce", async (scene) => {
  const other = await dialReady(scene, OTHER);
  using _asked = scene.hub.ask(NONCE);
  using _otherAsked = scene.hub.ask(OTHER);
  assertEquals(await lineOf(other), `who ${OTHER}`);
});

hubTest("ask() does not ask who has said hello", async (scene) => {
  const expected = scene.hub.expect(TOKEN, "agent");
  const caller = await scene.dial(`hello ${TOKEN} agent\n`);
  using connection = await soon(expected);
  using _asked = scene.hub.ask(NONCE);
  await connection.write(new TextEncoder().encode("exec x\n"));
  assertEquals(await lineOf(caller), "exec x");
});

hubTest("a Hub asks nobody any more whose question is taken back", async (scene) => {
  scene.hub.ask(NONCE)[Symbol.dispose]();
  await assertBecomes(await scene.dial(), scene);
});

hubTest("a Hub asks on a connection for a job's input, too: what it hands over begins behind that", async (scene) => {
  using _asked = scene.hub.ask(NONCE);
  const caller = await scene.dial();
  const expected = scene.hub.expect(TOKEN, "stdin");
  assertEquals(await lineOf(caller), `who ${NONCE}`);
  await caller.send(`hello ${TOKEN} stdin\n`);
  using connection = await soon(expected);
  await connection.write(new TextEncoder().encode("the input\n"));
  assertEquals(await lineOf(caller), "the input");
});

hubTest("forget() makes a stranger of a guest with that nonce, and ready() makes it good again", async (scene) => {
  void scene.hub.ready(NONCE);
  scene.hub.forget(NONCE);
  assertEquals(await lineOf(await scene.dial(`ready ${NONCE}\n`)), undefined);
  await assertBecomes(await dialReady(scene), scene);
});

hubTest("a link forgets its token and every nonce, and nobody else's", async ({ hub, dial }) => {
  const link = linkByToken(hub, TOKEN, {} as Parameters<typeof linkByToken>[2]);
  const [mine, others] = ["a".repeat(26), "b".repeat(26)];
  for (const nonce of [NONCE, mine]) void link.ready(nonce);
  void link.agent();
  void link.stdin();
  const ready = hub.ready(others);
  link.forget();
  for (const words of [`ready ${NONCE}`, `ready ${mine}`, `hello ${TOKEN} agent`, `hello ${TOKEN} stdin`]) {
    assertEquals(await lineOf(await dial(`${words}\n`)), undefined, words);
  }
  await dial(`ready ${others}\n`);
  assertEquals((await soon(ready)).nonce, others);
});
