// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { Hub } from "../../../lib/guest/hub.ts";
import { tryClones } from "../../../lib/machine/try_clones.ts";
import { socketPath } from "../../support/socket.ts";
import { temporaryFolder } from "../../support/temp.ts";
import type { Play } from "../../support/vmm/fake_guest.ts";
import { FakeVmm } from "../../support/vmm/fake_vmm.ts";

const KERNEL = { kernel: "/store/k", initrd: "/store/i", bootArgs: " a  b ", memoryMiB: 256 };
const START = { accelerator: "tcg", bootArgs: ["x=1"], timeoutMs: 5000, clones: 2 } as const;

/** Tries it, and looks at what is left. */
async function tryIt(play: Play, timeoutMs: number = START.timeoutMs) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const socket = stack.use(await socketPath("hub"));
  const hub = stack.use(Hub.listen(socket.path));
  const vmm = stack.use(new FakeVmm(socket.path, play));
  const result = await tryClones(KERNEL, { ...START, timeoutMs }, { hub, vmm, folder: folder.path });
  const left = await Array.fromAsync(Deno.readDir(folder.path));
  assertEquals([left, vmm.vms.every(({ isDisposed }) => isDisposed)], [[], true]);
  return { result, plans: vmm.vms.map(({ plan }) => plan) };
}

Deno.test("tryClones() saves a guest, and starts as many from its state", async () => {
  const { result, plans } = await tryIt({});
  assertEquals(result, { works: true, detail: "2 clones of a guest have started" });
  assertEquals(plans.map(({ state }) => state === undefined), [true, false, false]);
  assertEquals(new Set(plans.map(({ nonce }) => nonce)).size, 1);
  assertEquals(new Set(plans.map(({ folder }) => folder)).size, 3);
  for (const { accelerator, bootArgs, identity, disks } of plans) {
    assertEquals([accelerator, bootArgs, identity, disks], ["tcg", ["x=1", "a", "b"], true, []]);
  }
});

Deno.test("tryClones() tells of a guest that does not come up", async () => {
  const { result } = await tryIt({ isSilent: true }, 50);
  assertEquals(result, { works: false, detail: "the first guest: the guest's agent did not report within 50 ms" });
});

Deno.test("tryClones() tells of a state that can't be saved", async () => {
  const { result, plans } = await tryIt({ savesNot: true });
  const detail = "the first guest: its state is not saved: QEMU: the migration is failed";
  assertEquals([result, plans.length], [{ works: false, detail }, 1]);
});

for (
  const [clones, why] of [
    ["hang", /^the guest's agent did not report within 300 ms$/],
    ["end", /^QEMU ended with status 1: its state can't be read$/],
    ["refuse", /^QEMU: no such state$/],
    ["stay", /^QEMU: it does not go on$/],
  ] as const
) {
  Deno.test(`tryClones() tells of a clone that does not start: ${clones}`, async () => {
    const { result: { works, detail } } = await tryIt({ clones }, clones === "hang" ? 300 : 5000);
    const [, which, words] = /^(clone 1 of 2): (.*)$/.exec(detail) ?? [];
    assertEquals([works, which, why.test(words)], [false, "clone 1 of 2", true], detail);
  });
}
