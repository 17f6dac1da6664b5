// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import type { KnownHost } from "../../../lib/host/known_host.ts";
import type { Booted } from "../../../lib/vmm/accelerator.ts";
import { learnFromBoot } from "../../../lib/vmm/learn_from_boot.ts";
import { openScene } from "../../support/vmm/accelerator_scene.ts";

const MINUTE = 60_000;
const KVM = { works: true, detail: "it ran", loopMs: 5 };
const BOOTED = { works: true, detail: "a kernel booted on it" };
const FAILED = { works: false, detail: "no", failures: 1 };

/** What is known after a boot, and how often that was written. */
async function learn(booted: Booted, known: (kernel: string) => KnownHost) {
  await using scene = await openScene({ known });
  let writes = 0;
  await learnFromBoot(scene.kernel, booted, {
    read: () => scene.host.read(),
    update: async (found) => {
      writes++;
      await scene.host.update(found);
    },
  });
  const { kernels, ...others } = await scene.host.read();
  return { kernel: kernels?.[scene.kernelId], others, writes };
}

Deno.test("learnFromBoot() keeps that a kernel has booted on KVM, whatever it did before", async () => {
  const booted: Booted = { accelerator: "kvm", helloMs: 1 };
  const first = await learn(booted, () => ({ kvm: KVM, tcgHelloMs: 9000 }));
  assertEquals(first, { kernel: BOOTED, others: { kvm: KVM, tcgHelloMs: 9000 }, writes: 1 });
  assertEquals((await learn(booted, (kernel) => ({ kernels: { [kernel]: FAILED } }))).kernel, BOOTED);
  assertEquals((await learn(booted, (kernel) => ({ kernels: { [kernel]: BOOTED } }))).writes, 0);
});

Deno.test("learnFromBoot() doubts a kernel that was emulated as KVM did not boot it, and KVM itself", async () => {
  const booted: Booted = { accelerator: "tcg", helloMs: 4000, kvmProblem: "it hung" };
  const begun = Date.now();
  const { kernel, others, writes } = await learn(booted, (id) => ({ kvm: KVM, kernels: { [id]: FAILED } }));
  assertEquals([others, writes, kernel?.works, kernel?.failures], [{ tcgHelloMs: 4000 }, 1, false, 2]);
  assertEquals(kernel?.detail, "a small guest ran on /dev/kvm, but this kernel did not: it hung");
  assert((kernel?.untilMs ?? 0) >= begun + 10 * MINUTE);
});

Deno.test("learnFromBoot() keeps how long an emulated boot takes when it is much less than was known", async () => {
  for (const [known, helloMs, kept] of [[undefined, 4000.4, 4000], [9000, 4499, 4499], [9000, 4500, 9000]] as const) {
    const seen = await learn({ accelerator: "tcg", helloMs }, () => ({ kvm: KVM, tcgHelloMs: known }));
    const writes = kept === known ? 0 : 1;
    assertEquals(seen, { kernel: undefined, others: { kvm: KVM, tcgHelloMs: kept }, writes });
  }
});
