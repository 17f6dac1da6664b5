// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { describeKernelProblem } from "../../../lib/vmm/accelerator.ts";
import { describeSlow, tryEmulation, tryKvm } from "../../../lib/vmm/try_accelerator.ts";
import { openScene } from "../../support/vmm/accelerator_scene.ts";

Deno.test("describeSlow() tells how many times slower KVM is than emulation, with both figures", () => {
  const words = "/dev/kvm runs guests 400 times slower than emulation does: what takes that 30 ms takes 12 s";
  assertEquals(describeSlow(12_000, 30), words);
  assertEquals(describeSlow(45, 30)?.startsWith("/dev/kvm runs guests 1.5 times slower"), true);
});

Deno.test("describeSlow() has nothing against a KVM that is as fast as emulation", () => {
  assertEquals([describeSlow(30, 30), describeSlow(3, 30)], [undefined, undefined]);
});

Deno.test("describeKernelProblem() has both facts", () => {
  assertEquals(describeKernelProblem("it hung"), "a small guest ran on /dev/kvm, but this kernel did not: it hung");
});

const RAN = { works: true, detail: "it ran", loopMs: 30, tscKhz: 1000 };

Deno.test("tryKvm() runs a guest whatever is known, and keeps of KVM nothing", async () => {
  const kvm = { works: false, detail: "it never did" };
  await using scene = await openScene({ known: () => ({ kvm }), guest: { kvm: { ...RAN, loopMs: 5 }, tcg: RAN } });
  assertEquals(await tryKvm(scene.io), { ...RAN, loopMs: 5 });
  assertEquals(scene.asked, ["kvm 8000", "tcg 3000"]);
  assertEquals(await scene.host.read(), { kvm, tcgTscKhz: 1000, tcgLoopMs: 30 });
});

Deno.test("tryKvm() has nothing to compare where emulation does not work", async () => {
  await using scene = await openScene({ guest: { kvm: RAN, tcg: { works: false, detail: "it died" } } });
  assertEquals(await tryKvm(scene.io), RAN);
});

Deno.test("tryKvm() compares a guest that was cut in its loop by the parts that it has done", async () => {
  const kvm = { works: false, timedOut: true, detail: "a small guest was still not through after 3 s", loopMs: 9000 };
  await using scene = await openScene({ known: () => ({ tcgLoopMs: 30 }), guest: { kvm } });
  const detail = "/dev/kvm runs guests 300 times slower than emulation does: what takes that 30 ms takes 9 s";
  assertEquals(await tryKvm(scene.io), { ...kvm, detail });
  assertEquals(scene.asked, ["kvm 8000"]);
});

Deno.test("tryKvm() takes no KVM for slow on a host that was busy: the fastest of three loops counts", async () => {
  const loops = (...all: number[]) => ({ kvm: all.map((loopMs) => ({ ...RAN, loopMs })) });
  const known = () => ({ tcgLoopMs: 30 });
  await using busy = await openScene({ known, guest: loops(190, 40, 12) });
  assertEquals([await tryKvm(busy.io), busy.asked.length], [{ ...RAN, loopMs: 12 }, 3]);
  await using once = await openScene({ known, guest: loops(190, 29) });
  assertEquals([await tryKvm(once.io), once.asked.length], [{ ...RAN, loopMs: 29 }, 2]);
  await using slow = await openScene({ known, guest: loops(190, 60, 90) });
  const detail = "/dev/kvm runs guests 2 times slower than emulation does: what takes that 30 ms takes 60 ms";
  assertEquals([await tryKvm(slow.io), slow.asked.length], [
    { ...RAN, loopMs: 60, works: false, timedOut: true, detail },
    3,
  ]);
  // No busy host explains that.
  await using hopeless = await openScene({ known, guest: loops(1000) });
  assertEquals([(await tryKvm(hopeless.io)).works, hopeless.asked.length], [false, 1]);
});

Deno.test("tryKvm() compares nothing of a guest that did not come to its loop", async () => {
  await using scene = await openScene({ guest: { kvm: { works: false, detail: "it died" } } });
  const { works, detail } = await tryKvm(scene.io);
  assertEquals([works, detail, scene.asked], [false, "/dev/kvm is there, but it died", ["kvm 8000"]]);
});

Deno.test("tryEmulation() keeps what a guest has shown that ran, and forgets nothing for one that did not", async () => {
  await using scene = await openScene({ guest: { tcg: RAN } });
  assertEquals(await tryEmulation(1, scene.io), RAN);
  await using failing = await openScene({
    known: () => ({ tcgTscKhz: 7 }),
    guest: { tcg: { works: false, detail: "it died", loopMs: 9 } },
  });
  await tryEmulation(1, failing.io);
  assertEquals([await scene.host.read(), await failing.host.read()], [{ tcgTscKhz: 1000, tcgLoopMs: 30 }, {
    tcgTscKhz: 7,
  }]);
});
