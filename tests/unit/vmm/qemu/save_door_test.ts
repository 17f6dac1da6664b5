// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { settlesWithin, within } from "../../../../lib/base/deadline.ts";
import { BerthError } from "../../../../lib/base/errors.ts";
import type { Caller } from "../../../support/socket.ts";
import { doorTest } from "./door_scene.ts";

const soon = <T>(promise: Promise<T>) => within(promise, 5000, "the door");
const hungUpOn = async (caller: Caller) => await soon(caller.line()) === undefined;
const nothing = () => Promise.resolve();

doorTest(
  "receive() hands on what the next connection brings, in its order, and ends with it",
  async ({ door, dial }) => {
    const taken: Uint8Array[] = [];
    const received = door.receive(async (piece) => {
      const bytes = piece.slice();
      // One that waits does not let the next one by.
      await new Promise((resolve) => setTimeout(resolve, taken.length === 0 ? 5 : 0));
      taken.push(bytes);
    });
    const caller = await dial();
    const sent = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
    await caller.send(sent.subarray(0, 7));
    await caller.send(sent.subarray(7));
    assertEquals(await settlesWithin(received, 10), false);
    caller[Symbol.dispose]();
    await soon(received);
    assertEquals(new Uint8Array(await new Blob(taken as BlobPart[]).arrayBuffer()), sent);
  },
);

doorTest("receive() refuses while another VM could write there, until that is gone", async ({ door, dial }) => {
  using _own = door.admit();
  const other = door.admit();
  const error = assertThrows(() => door.receive(nothing), BerthError, "another VM could write a state");
  assertEquals(error.code, "vmm.qmp");
  assertEquals(await hungUpOn(await dial()), true);
  other[Symbol.dispose]();
  const received = door.receive(nothing);
  (await dial())[Symbol.dispose]();
  await soon(received);
});

doorTest("receive() rejects with what the write throws, and the door hangs up", async ({ door, dial }) => {
  const received = door.receive(() => Promise.reject(new Error("the disk is full")));
  const caller = await dial();
  await caller.send("state");
  await assertRejects(() => soon(received), Error, "the disk is full");
  assertEquals(await hungUpOn(caller), true);
});

doorTest("a SaveDoor hangs up on who comes when nobody receives, and on who comes second", async ({ door, dial }) => {
  assertEquals(await hungUpOn(await dial()), true);
  let taken = "";
  const received = door.receive((piece) => Promise.resolve(void (taken += new TextDecoder().decode(piece))));
  const [first, second] = [await dial(), await dial()];
  assertEquals(await hungUpOn(second), true);
  await first.send("state");
  first[Symbol.dispose]();
  await soon(received);
  assertEquals(taken, "state");
  assertEquals(await hungUpOn(await dial()), true);
});
