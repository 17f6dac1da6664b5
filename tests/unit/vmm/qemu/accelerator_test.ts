// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { describeKernelProblem, describeSlow, planTrial } from "../../../../lib/vmm/qemu/accelerator.ts";

Deno.test("describeSlow() tells how many times slower KVM is than emulation, with both figures", () => {
  const words = "/dev/kvm runs guests 400 times slower than emulation does: what takes that 30 ms takes 12 s";
  assertEquals(describeSlow(12_000, 30), words);
  assertEquals(describeSlow(45, 30)?.startsWith("/dev/kvm runs guests 1.5 times slower"), true);
});

Deno.test("describeSlow() has nothing against a KVM that is as fast as emulation", () => {
  assertEquals([describeSlow(30, 30), describeSlow(3, 30)], [undefined, undefined]);
});

const works = (loopMs?: number) => ({ works: true, detail: "", loopMs });

Deno.test("planTrial() gives a kernel three times what an emulated boot takes, and enough", () => {
  assertEquals(planTrial({ kvm: works(5), tcgHelloMs: 4000 }), 12_000);
  assertEquals(planTrial({ kvm: works(5) }), 15_000);
  assertEquals(planTrial({ kvm: works(5), tcgHelloMs: 100 }), 6000);
});

Deno.test("planTrial() bounds no kernel on a KVM that is emulated itself, beyond what bounds any boot", () => {
  assertEquals(planTrial({ kvm: works(100), tcgHelloMs: 4000 }), Infinity);
});

Deno.test("describeKernelProblem() has both facts", () => {
  assertEquals(describeKernelProblem("it hung"), "a small guest ran on /dev/kvm, but this kernel did not: it hung");
});
