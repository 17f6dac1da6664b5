// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import type { KnownHost, KnownResult } from "../../../lib/host/known_host.ts";
import type { AcceleratorChoice } from "../../../lib/vmm/accelerator.ts";
import {
  type AcceleratorWish,
  chooseAccelerator,
  guessAccelerator,
  readKnownKvm,
} from "../../../lib/vmm/choose_accelerator.ts";
import type { ProbeResult } from "../../../lib/vmm/vmm.ts";
import { type AcceleratorScene, openScene, type SceneBefore } from "../../support/vmm/accelerator_scene.ts";

const MINUTE = 60_000;

const RAN = { works: true, detail: "the probe guest ran" };
const ON_KVM: ProbeResult = { ...RAN, tscKhz: 3_000_000, loopMs: 5 };
const EMULATED: ProbeResult = { ...RAN, tscKhz: 1_000_000, loopMs: 30 };
const HUNG: ProbeResult = { works: false, timedOut: true, detail: "it hung" };
const DIED: ProbeResult = { works: false, detail: "it died" };

const KVM: KnownResult & { loopMs: number } = { ...RAN, loopMs: 5 };
const TCG: KnownHost = { tcgTscKhz: 1_000_000, tcgLoopMs: 30 };
const NO_KERNEL: KnownResult = { works: false, detail: "this kernel did not", failures: 1 };
const later = () => Date.now() + MINUTE;
const PROVEN = (kernel: string): KnownHost => ({ kvm: KVM, kernels: { [kernel]: RAN } });

const FALLBACK = { fallback: { bootArgs: ["khz=1000000"] } };
const ON = { accelerator: "kvm", bootArgs: [] } as const;
const OFF = { accelerator: "tcg", bootArgs: ["khz=1000000"] } as const;
const because = (why: string) => ({ note: `no KVM, so the guest is emulated (TCG), which is slow: ${why}` });

async function choose(wish: Partial<AcceleratorWish>, { kernel, io }: AcceleratorScene): Promise<AcceleratorChoice> {
  return await chooseAccelerator({ wanted: "auto", kernel, isDenied: false, ...wish }, io);
}

async function guess(wish: Partial<AcceleratorWish>, { kernel, io }: AcceleratorScene): Promise<AcceleratorChoice> {
  return await guessAccelerator({ wanted: "auto", kernel, isDenied: false, ...wish }, io);
}

interface Way extends SceneBefore {
  readonly wish?: Partial<AcceleratorWish>;
  /** The small guests that are run for it. */
  readonly asked?: string[];
  readonly choice: AcceleratorChoice;
}

const SLOW = "/dev/kvm runs guests 10 times slower than emulation does: what takes that 30 ms takes 300 ms";

const WAYS: Readonly<Record<string, Way>> = {
  "emulates where that is wanted, without a look at KVM or the kernel": {
    ...{ wish: { wanted: "tcg", kernel: "/none" }, node: "missing", guest: { tcg: EMULATED } },
    ...{ asked: ["tcg 8000"], choice: OFF },
  },
  "runs nothing to emulate where the frequency is known": {
    ...{ wish: { wanted: "tcg" }, known: () => TCG, choice: OFF },
  },
  "emulates without the frequency where a guest does not tell it": {
    ...{ wish: { wanted: "tcg" }, guest: { tcg: HUNG }, asked: ["tcg 8000"] },
    choice: { accelerator: "tcg", bootArgs: ["unknown"] },
  },
  "emulates where there is no KVM, whatever was known of it": {
    ...{ node: "missing", known: (kernel) => ({ ...TCG, ...PROVEN(kernel) }) },
    choice: { ...OFF, ...because("there is no /dev/kvm") },
  },
  "emulates where KVM is not for this user": {
    ...{ node: "denied", known: () => TCG },
    choice: { ...OFF, ...because("/dev/kvm may not be opened by this user") },
  },
  "emulates where KVM is not for the VMM's user": {
    ...{ wish: { isDenied: true }, known: () => TCG },
    choice: { ...OFF, ...because("only root may open /dev/kvm, and VMMs are users of their own") },
  },
  "tries a kernel on a KVM that runs a guest": {
    ...{ guest: { kvm: ON_KVM, tcg: EMULATED }, asked: ["kvm 8000", "tcg 3000"] },
    choice: { ...ON, trialMs: 15_000, ...FALLBACK },
  },
  "bounds that by what an emulated boot was seen to take": {
    ...{ known: () => ({ ...TCG, kvm: KVM, tcgHelloMs: 4000 }), choice: { ...ON, trialMs: 12_000, ...FALLBACK } },
  },
  "gives a kernel all its time on a KVM that is emulated itself": {
    known: () => ({ ...TCG, kvm: { ...KVM, loopMs: 25 } }),
    choice: { ...ON, trialMs: Infinity, isIndirect: true, ...FALLBACK },
  },
  "says so of a KVM that is emulated itself where a kernel has booted on it, too": {
    known: (kernel) => ({ ...TCG, ...PROVEN(kernel), kvm: { ...KVM, loopMs: 25 } }),
    choice: { ...ON, isIndirect: true, ...FALLBACK },
  },
  "has a fallback without the frequency where emulation hangs": {
    ...{ guest: { kvm: { ...RAN }, tcg: HUNG }, asked: ["kvm 8000", "tcg 3000"] },
    choice: { ...ON, trialMs: 15_000, fallback: { bootArgs: ["unknown"] } },
  },
  "runs nothing where a kernel has booted on KVM": {
    ...{ known: (kernel) => ({ ...TCG, ...PROVEN(kernel) }), choice: { ...ON, ...FALLBACK } },
  },
  "runs nothing there for the sake of a fallback either": {
    ...{ known: PROVEN, choice: { ...ON, fallback: { bootArgs: ["unknown"] } } },
  },
  "tries a kernel that is another one than what has booted": {
    ...{ known: () => ({ ...TCG, ...PROVEN("another") }), choice: { ...ON, trialMs: 15_000, ...FALLBACK } },
  },
  "has no fallback where KVM is wanted": {
    ...{ wish: { wanted: "kvm" }, known: () => ({ ...TCG, kvm: KVM }), choice: { ...ON, trialMs: 15_000 } },
  },
  "has neither a trial nor a fallback where KVM is wanted and has booted the kernel": {
    ...{ wish: { wanted: "kvm" }, known: PROVEN, choice: ON },
  },
  "emulates where a guest dies on KVM": {
    ...{ guest: { kvm: DIED, tcg: EMULATED }, asked: ["kvm 8000", "tcg 8000"] },
    choice: { ...OFF, ...because("/dev/kvm is there, but it died") },
  },
  "emulates where KVM is slower than that": {
    ...{ guest: { kvm: { ...ON_KVM, loopMs: 300 }, tcg: EMULATED } },
    asked: ["kvm 8000", "tcg 3000", "kvm 8000", "kvm 8000"],
    choice: { ...OFF, ...because(SLOW) },
  },
  "emulates where KVM has failed, as long as that holds": {
    ...{ known: () => ({ ...TCG, kvm: { ...HUNG, untilMs: later() } }), choice: { ...OFF, ...because("it hung") } },
  },
  "tries KVM again when its failure has expired": {
    ...{ known: () => ({ ...TCG, kvm: { ...HUNG, untilMs: 1 } }), guest: { kvm: ON_KVM }, asked: ["kvm 8000"] },
    choice: { ...ON, trialMs: 15_000, ...FALLBACK },
  },
  "emulates a kernel that did not boot on KVM, as long as that holds": {
    known: (kernel) => ({ ...TCG, kvm: KVM, kernels: { [kernel]: { ...NO_KERNEL, untilMs: later() } } }),
    choice: { ...OFF, ...because("this kernel did not") },
  },
  "tries a kernel again when its failure has expired": {
    known: (kernel) => ({ ...TCG, kvm: KVM, kernels: { [kernel]: { ...NO_KERNEL, untilMs: 1 } } }),
    choice: { ...ON, trialMs: 15_000, ...FALLBACK },
  },
};
for (const [what, { wish = {}, asked = [], choice, ...before }] of Object.entries(WAYS)) {
  Deno.test(`chooseAccelerator() ${what}`, async () => {
    await using scene = await openScene(before);
    assertEquals(await choose(wish, scene), choice);
    assertEquals(scene.asked, asked);
  });

  Deno.test(`guessAccelerator() comes to the same when all is known, and tries nothing: ${what}`, async () => {
    await using scene = await openScene(before);
    if (asked.length) await choose(wish, scene);
    assertEquals(await guess(wish, scene), choice);
    assertEquals(scene.asked, asked);
  });
}

Deno.test("guessAccelerator() takes a KVM that can be opened, and was not tried, for one that works", async () => {
  await using fresh = await openScene();
  const unknown = { fallback: { bootArgs: ["unknown"] } };
  assertEquals(await guess({}, fresh), { ...ON, trialMs: 15_000, ...unknown });
  assertEquals(await guess({ wanted: "kvm" }, fresh), { ...ON, trialMs: 15_000 });
  // What has expired is not known; that its loop was slow is a part of it.
  await using expired = await openScene({ known: () => ({ kvm: { ...HUNG, untilMs: 1, loopMs: 300 } }) });
  assertEquals(await guess({}, expired), { ...ON, trialMs: 15_000, ...unknown });
  assertEquals([...fresh.asked, ...expired.asked, await fresh.host.read()], [{}]);
});

const REFUSED: Readonly<Record<string, [wish: Partial<AcceleratorWish>, before: SceneBefore, why: string]>> = {
  "is none": [{}, { node: "missing" }, "there is no /dev/kvm"],
  "is not for this user": [{}, { node: "denied" }, "/dev/kvm may not be opened by this user"],
  "is not for the VMM's user": [{ isDenied: true }, {}, "only root may open /dev/kvm"],
  "runs no guest": [{}, { guest: { kvm: DIED } }, "/dev/kvm is there, but it died"],
  "did not boot the kernel": [
    {},
    { known: (kernel) => ({ kvm: KVM, kernels: { [kernel]: NO_KERNEL } }) },
    "this kernel",
  ],
};
for (const [what, [wish, before, why]] of Object.entries(REFUSED)) {
  Deno.test(`chooseAccelerator() refuses where KVM is wanted and ${what}, and emulates nothing`, async () => {
    await using scene = await openScene(before);
    const words = `KVM does not work on this host: ${why}`;
    const error = await assertRejects(() => choose({ wanted: "kvm", ...wish }, scene), BerthError, words);
    assertEquals([error.code, scene.asked.filter((guest) => guest.startsWith("tcg"))], ["host.kvm", []]);
    const guessed = await assertRejects(() => guess({ wanted: "kvm", ...wish }, scene), BerthError);
    assertEquals([guessed.message, guessed.code], [error.message, error.code]);
  });
}

Deno.test("chooseAccelerator() keeps what both guests have shown", async () => {
  await using scene = await openScene({ guest: { kvm: ON_KVM, tcg: EMULATED } });
  await choose({}, scene);
  assertEquals(await scene.host.read(), { ...TCG, kvm: { works: true, detail: RAN.detail, loopMs: 5 } });
  await choose({}, scene);
  assertEquals(scene.asked.length, 2);
});

Deno.test("chooseAccelerator() keeps nothing of an emulation that did not work", async () => {
  await using scene = await openScene({ guest: { tcg: DIED } });
  await choose({ wanted: "tcg" }, scene);
  assertEquals(await scene.host.read(), {});
});

Deno.test("chooseAccelerator() keeps until the next boot of the host that a guest died on KVM", async () => {
  await using scene = await openScene({ known: () => TCG, guest: { kvm: DIED } });
  await choose({}, scene);
  assertEquals((await scene.host.read()).kvm, { works: false, detail: "/dev/kvm is there, but it died" });
  assertEquals((await choose({}, scene)).accelerator, "tcg");
  assertEquals(scene.asked, ["kvm 8000"]);
});

for (const [what, kvm] of Object.entries({ hung: HUNG, "was slow": { ...ON_KVM, loopMs: 300 } })) {
  Deno.test(`chooseAccelerator() keeps for a while that a guest ${what} on KVM, and longer each time`, async () => {
    const earlier = { works: false, detail: "", failures: 2, untilMs: 1 };
    await using scene = await openScene({ known: () => ({ ...TCG, kvm: earlier }), guest: { kvm } });
    const begun = Date.now();
    await choose({}, scene);
    const { failures, untilMs = 0 } = (await scene.host.read()).kvm ?? {};
    // A slow one is run again.
    assertEquals([failures, scene.asked], [3, Array(kvm.loopMs === undefined ? 1 : 3).fill("kvm 8000")]);
    assert(untilMs >= begun + 100 * MINUTE && untilMs <= Date.now() + 100 * MINUTE);
  });
}

for (const wanted of ["auto", "kvm", "tcg"] as const) {
  Deno.test(`chooseAccelerator() ends with the reason of who stops it, and keeps nothing (${wanted})`, async () => {
    await using scene = await openScene({ guest: { kvm: ON_KVM, tcg: EMULATED } });
    scene.stop.abort(new Error("enough"));
    await assertRejects(() => choose({ wanted }, scene), Error, "enough");
    assertEquals([await scene.host.read(), scene.asked.length], [{}, 1]);
  });
}

Deno.test("readKnownKvm() tells of KVM, and first of a kernel that did not boot on it", async () => {
  await using scene = await openScene();
  const { host, kernel, kernelId } = scene;
  assertEquals(await readKnownKvm(host, kernel), undefined);
  await host.update({ kvm: KVM, kernels: { [kernelId]: NO_KERNEL } });
  assertEquals([await readKnownKvm(host), await readKnownKvm(host, kernel)], [KVM, NO_KERNEL]);
  await host.update({ kernels: { [kernelId]: { ...NO_KERNEL, untilMs: 1 } } });
  assertEquals(await readKnownKvm(host, kernel), KVM);
  await host.update({ kvm: { ...HUNG, untilMs: 1 }, kernels: { [kernelId]: RAN } });
  assertEquals(await readKnownKvm(host, kernel), undefined);
  assertEquals(scene.asked, []);
});
