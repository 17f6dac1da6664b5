/**
 * Whoever connects may say anything: the hub and a session neither break, nor hang, nor grow.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { Hub } from "../../../lib/guest/hub.ts";
import { LINE_LIMIT_BYTES } from "../../../lib/guest/protocol.ts";
import { Session } from "../../../lib/guest/session.ts";
import { mutateBytes } from "../../support/mutate.ts";
import { seeded } from "../../support/random.ts";
import { Caller, socketPath } from "../../support/socket.ts";

const INPUTS = 8000;
const AT_ONCE = 40;
/** A connection that is kept has a buffer of 64 KiB. In the second half nothing grows but by chance. */
const MOST_GROWTH_BYTES = INPUTS / 2 * 48 * 1024;

const LINES = [
  ...["started", "exited code 3 0", "exited signal 9 2", "refused 127", "collected", "flushed", "missing 7"],
  ...["error YnJva2Vu", "exited code 999 0", "", " ", "started ", "exited code 0 0 0", `error ${"A".repeat(9000)}`],
];

/** What one connection says: a hello, most often the right one, and lines; damaged in most cases. */
function conversation(token: string, random: (bound: number) => number): Uint8Array<ArrayBuffer> {
  const hello = random(8) === 0 ? `hello ${token.toUpperCase()} agent` : `hello ${token} agent`;
  const lines = Array.from({ length: random(6) }, () => LINES[random(LINES.length)]);
  const text = new TextEncoder().encode([hello, ...lines, ""].join("\n"));
  if (random(3) === 0) return mutateBytes(text, random);
  // The hello as it is, so that the damage gets further.
  const head = hello.length + 1;
  const whole = new Uint8Array([...text.subarray(0, head), ...mutateBytes(text.subarray(head), random)]);
  return random(50) === 0 ? new Uint8Array([...whole, ...new Uint8Array(LINE_LIMIT_BYTES + 1).fill(120)]) : whole;
}

Deno.test(`a Hub and its sessions bear ${INPUTS} damaged conversations`, async () => {
  using socket = await socketPath("hub");
  await using hub = Hub.listen(socket.path);
  const seen = { connected: 0, lines: 0, refused: 0 };
  const listen = async (token: string) => {
    using session = new Session(await hub.expect(token, "agent"));
    seen.connected++;
    while (true) {
      try {
        await session.next();
        seen.lines++;
      } catch (error) {
        assert(error instanceof BerthError, String(error));
        assert(error.code === "guest.protocol" || error.code === "job.lost", error.code);
        if (error.code === "guest.protocol") seen.refused++;
        return;
      }
    }
  };
  const converse = async (number: number) => {
    const token = number.toString(36).padStart(26, "0");
    const listening = listen(token);
    using caller = await Caller.dial(socket.path);
    // Hung up on before all is sent is as good.
    await caller.send(conversation(token, seeded(number))).catch(() => {});
    caller[Symbol.dispose]();
    // One that was never let in is waited for no longer.
    await Promise.race([listening, new Promise((resolve) => setTimeout(resolve, 20))]);
    hub.forget(token);
  };
  let before = 0;
  for (let first = 0; first < INPUTS; first += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, index) => converse(first + index));
    await within(Promise.all(batch), 20_000, `inputs from ${first} on`);
    if (first + AT_ONCE === INPUTS / 2) before = Deno.memoryUsage().rss;
  }
  assert(before > 0);
  const grownBytes = Deno.memoryUsage().rss - before;
  assert(grownBytes < MOST_GROWTH_BYTES, `grown by ${grownBytes} bytes`);
  assert(seen.connected > INPUTS / 3 && seen.lines > INPUTS / 8 && seen.refused > INPUTS / 6, JSON.stringify(seen));
  // And the right one is still let in.
  const token = "z".repeat(26);
  const expected = hub.expect(token, "agent");
  using agent = await Caller.dial(socket.path);
  await agent.send(`hello ${token} agent\nstarted\n`);
  using session = new Session(await within(expected, 5000, "the agent"));
  assertEquals(await within(session.next(), 5000, "its first word"), { kind: "started" });
});
