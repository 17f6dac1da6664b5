// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { type AcceleratorFacts, planAccelerator, planTrial } from "../../../lib/vmm/plan_accelerator.ts";

const works = (loopMs?: number) => ({ works: true, detail: "", loopMs });

Deno.test("planTrial() gives a kernel three times what an emulated boot takes, and enough", () => {
  assertEquals(planTrial({ kvm: works(5), tcgHelloMs: 4000 }), 12_000);
  assertEquals(planTrial({ kvm: works(5) }), 15_000);
  assertEquals(planTrial({ kvm: works(5), tcgHelloMs: 100 }), 6000);
});

Deno.test("planTrial() bounds no kernel on a KVM that is emulated itself, beyond what bounds any boot", () => {
  assertEquals(planTrial({ kvm: works(100), tcgHelloMs: 4000 }), Infinity);
});

Deno.test("planAccelerator() goes by a failure until it expires", () => {
  const kvm = { works: false, detail: "it hung", untilMs: 1000 };
  const facts = (nowMs: number): AcceleratorFacts => ({
    ...{ wanted: "auto", known: { kvm }, nowMs },
    kvm: { node: "accessible", isDenied: false, kernel: "k" },
  });
  const chosen = [999, 1000].map((nowMs) => planAccelerator(facts(nowMs), { emulatedBootArgs: () => [] }).accelerator);
  assertEquals(chosen, ["tcg", "kvm"]);
});
