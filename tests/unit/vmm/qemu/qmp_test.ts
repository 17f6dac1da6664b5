// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { settlesWithin, within } from "../../../../lib/base/deadline.ts";
import { BerthError } from "../../../../lib/base/errors.ts";
import { type Qmp, type QmpEvent, QmpHub } from "../../../../lib/vmm/qemu/qmp.ts";
import { type Answers, FakeQemu } from "../../../support/vmm/fake_qemu.ts";
import { Caller, socketPath } from "../../../support/socket.ts";

interface Scene {
  readonly hub: QmpHub;
  /** Dials in as a QEMU of that name. */
  dial(name: string, answers?: Answers): Promise<FakeQemu>;
  /** Dials in as something else. */
  stranger(words: string): Promise<Caller>;
}

function hubTest(name: string, fn: (scene: Scene) => Promise<void>): void {
  Deno.test(name, async () => {
    using socket = await socketPath("qmp");
    await using stack = new AsyncDisposableStack();
    const hub = stack.use(QmpHub.listen(socket.path));
    await fn({
      hub,
      dial: async (name, answers) => stack.use(await FakeQemu.dial(socket.path, name, answers)),
      stranger: async (words) => {
        const caller = stack.use(await Caller.dial(socket.path));
        await caller.send(words);
        return caller;
      },
    });
  });
}

/** A QEMU that has dialled in, and what is heard of it. */
async function connect(
  { hub, dial }: Scene,
  answers?: Answers,
): Promise<{ qemu: FakeQemu; qmp: Qmp; events: QmpEvent[] }> {
  const events: QmpEvent[] = [];
  const expected = hub.expect("vm1", (event) => events.push(event));
  const qemu = await dial("vm1", answers);
  return { qemu, qmp: await within(expected, 5000, "QEMU"), events };
}

hubTest("expect() delivers the QEMU of that name, greeted", async (scene) => {
  const { qemu, qmp } = await connect(scene);
  assertEquals(qemu.asked, ["qmp_capabilities", "query-name"]);
  qmp[Symbol.dispose]();
  await within(qmp.closed, 5000, "the end");
});

hubTest("execute() returns the answer, or throws QEMU's words", async (scene) => {
  const { qmp } = await connect(scene, { "query-status": { status: "running" } });
  using _qmp = qmp;
  assertEquals(await qmp.execute("query-status"), { status: "running" });
  const error = await assertRejects(() => qmp.execute("frob"), BerthError, "QEMU: The command frob has not been found");
  assertEquals(error.code, "vmm.qmp");
});

hubTest("execute() pairs answers with questions in their order, events in between or not", async (scene) => {
  const { qmp, qemu, events } = await connect(scene, { a: 1, b: 2 });
  using _qmp = qmp;
  await qemu.say({ event: "RTC_CHANGE", data: {}, timestamp: {} });
  assertEquals(await Promise.all([qmp.execute("a"), qmp.execute("b"), qmp.execute("a")]), [1, 2, 1]);
  assertEquals(events, [{ name: "RTC_CHANGE", data: {} }]);
});

hubTest("events are heard in their order, up to the last one before QEMU ends", async (scene) => {
  const { qmp, qemu, events } = await connect(scene);
  await qemu.say({ event: "SHUTDOWN", data: { guest: true, reason: "guest-reset" } });
  await qemu.say({ event: "STOP" });
  await qemu[Symbol.asyncDispose]();
  await within(qmp.closed, 5000, "the end");
  assertEquals(events, [
    { name: "SHUTDOWN", data: { guest: true, reason: "guest-reset" } },
    { name: "STOP", data: {} },
  ]);
  qmp[Symbol.dispose]();
});

hubTest("execute() throws at once when QEMU hangs up meanwhile, and afterwards", async (scene) => {
  const { qmp, qemu } = await connect(scene, { quit: {} });
  const asked = qmp.execute("frob").catch(() => {});
  await qemu[Symbol.asyncDispose]();
  await within(qmp.closed, 5000, "the end");
  await asked;
  assertEquals((await assertRejects(() => qmp.execute("quit"), BerthError)).code, "vmm.qmp");
  qmp[Symbol.dispose]();
});

hubTest("execute() throws at once when QEMU has said what is no JSON", async (scene) => {
  const { qmp, qemu } = await connect(scene);
  using _qmp = qmp;
  await qemu.say("{no json\n");
  await within(qmp.closed, 5000, "the end of the conversation");
  const error = await assertRejects(() => qmp.execute("quit"), BerthError);
  assertEquals(error.code, "vmm.qmp");
});

const STRANGERS: [string, string][] = [
  ["garbage", "\x00\xff garbage\n"],
  ["something that is no object", "null\n"],
  ["a line without an end", "x".repeat(1024 * 1024 + 1)],
];
for (const [what, words] of STRANGERS) {
  hubTest(`a QmpHub hangs up on ${what}, and takes the right one afterwards`, async (scene) => {
    const caller = await scene.stranger(words);
    assertEquals(await within(caller.line(), 3000, "the hub to hang up"), undefined);
    (await connect(scene)).qmp[Symbol.dispose]();
  });
}

const ODD_QEMUS: [string, Answers][] = [
  ["has no name", { "query-name": {} }],
  ["answers nothing to the question for its name", { "query-name": null }],
  ["refuses to talk", { "qmp_capabilities": new Error("no") }],
];
for (const [what, answers] of ODD_QEMUS) {
  hubTest(`a QmpHub hangs up on a QEMU that ${what}, and takes the right one afterwards`, async (scene) => {
    const odd = await scene.dial("vm1", answers);
    await within(odd.hungUpOn, 3000, "the hub to hang up");
    (await connect(scene)).qmp[Symbol.dispose]();
  });
}

hubTest("a QmpHub hangs up on a QEMU that nobody expects, or not any more", async ({ hub, dial }) => {
  const unexpected = await dial("vm9");
  await within(unexpected.hungUpOn, 5000, "the hub to hang up");
  const expected = hub.expect("vm1", () => {});
  hub.forget("vm1");
  await within((await dial("vm1")).hungUpOn, 5000, "the hub to hang up");
  assertEquals(await settlesWithin(expected, 1), false);
});

Deno.test("disposing a QmpHub hangs up on who has not said who it is, and takes the socket away", async () => {
  using socket = await socketPath("qmp");
  const hub = QmpHub.listen(socket.path);
  using stranger = await Caller.dial(socket.path);
  // Its name is asked after the greeting, so the hub has taken the connection.
  await stranger.send('{"QMP": {}}\n');
  await stranger.line();
  await hub[Symbol.asyncDispose]();
  await assertRejects(() => Deno.lstat(socket.path), Deno.errors.NotFound);
  assertEquals(await settlesWithin(stranger.line(), 1000), true);
});
