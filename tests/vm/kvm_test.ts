/**
 * KVMs of every kind: a stand-in for QEMU says what they are worth. A job that may be emulated is, in the same run; one that
 * may not is refused, with the reason; and the doctor finds the same.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { copyImage } from "../faults/harness.ts";
import { berth, emptyFolder, leftovers, type Outcome, shell, STATE } from "../support/berth.ts";
import { diagnose } from "../support/doctor.ts";
import { hasKvmNode, inPlaceOfQemu, type KvmPlay, writeStandIn } from "../support/vmm/kvm_stand_in.ts";

const folder = await emptyFolder("kvm");
assertEquals((await berth(["run", "--quiet", "--accel", "tcg", "--", "true"])).code, 0);
const qemu = `${folder}/qemu`;
const wrapper = inPlaceOfQemu(qemu);
const hasNode = await hasKvmNode();

/** Runs a job that does nothing. */
async function run(state: string, ...flags: string[]): Promise<Outcome & { report: Record<string, unknown> }> {
  const report = `${folder}/report.json`;
  const args = ["run", "--report", report, ...flags, "--", "true"];
  const outcome = await berth(args, { state, wrapper });
  return { ...outcome, report: JSON.parse(await Deno.readTextFile(report)) };
}

/** A state folder that knows nothing of this host. */
async function freshState(play: KvmPlay): Promise<string> {
  await writeStandIn(qemu, play);
  await copyImage(STATE, `${folder}/state`);
  return `${folder}/state`;
}

/** @param words what the doctor says of KVM; undefined: nothing is wrong with it. */
async function expectDoctor(state: string, words?: string): Promise<void> {
  const { findings, complaints } = await diagnose(["kvm"], { state, wrapper });
  const ofNode = hasNode ? (words === undefined ? [] : ["warn kvm.works"]) : ["warn kvm.node"];
  assertEquals(complaints.filter((one) => one !== "warn kvm.cpu"), ofNode, JSON.stringify(findings));
  if (hasNode) assertStringIncludes(findings.find(({ id }) => id === "kvm.works")!.what, words ?? "a kernel booted");
}

const SMALL = "a small guest ran on /dev/kvm, but this kernel did not: ";

/** KVMs that the probe guest finds out about: no kernel is tried. */
const NOT_EVEN_SMALL: [play: KvmPlay, words: string][] = [
  ["aborts", "/dev/kvm is there, but QEMU ended with status 134 (failed to set MSR 0x10a)"],
  ["spins", "/dev/kvm is there, but a small guest was still not through after 8 s"],
  // The loop's 64 parts of 0.2 s each against 30 ms.
  ["is slow", "/dev/kvm runs guests 4"],
];
for (const [play, words] of NOT_EVEN_SMALL) {
  Deno.test(`a KVM that ${play} is not used, whoever asks`, async () => {
    const state = await freshState(play);
    const automatic = await run(state);
    assertEquals([automatic.code, automatic.report.accel, automatic.report.attempts], [0, "tcg", 1], automatic.stderr);
    assertStringIncludes(automatic.stderr, `berth: no KVM, so the guest is emulated (TCG), which is slow: ${words}`);
    const forced = await run(state, "--accel", "kvm");
    assertEquals([forced.code, forced.report.attempts], [125, 0], forced.stderr);
    assertStringIncludes(forced.stderr, `KVM does not work on this host: ${words}`);
    await expectDoctor(state, words);
    assertEquals(await leftovers(state), []);
  });
}

/** KVMs that only a kernel shows for what they are. */
const NO_KERNEL: [play: KvmPlay, words: string][] = [
  ["runs no kernel", "the guest's agent did not report within "],
  ["dies at once", "QEMU ended with status 1: KVM internal error"],
];
for (const [play, words] of NO_KERNEL) {
  Deno.test(`a KVM that ${play} is found out by the first job, which is emulated then`, async () => {
    const state = await freshState(play);
    const forced = await run(state, "--accel", "kvm", "--boot-timeout", "1s");
    assertEquals(forced.code, 125, forced.stderr);
    assertStringIncludes(forced.stderr, `berth: infra: KVM does not work on this host: ${SMALL}${words}`);
    const first = await run(state, "--boot-timeout", "6s");
    assertEquals([first.code, first.report.accel, first.report.attempts], [0, "tcg", 2], first.stderr);
    const said = first.stderr.split("\n").filter((line) => line.startsWith(`berth: on KVM ${words}`));
    assertEquals(said.map((line) => line.endsWith("; going on with emulation (TCG), which is slow")), [true]);
    const evidence = (first.report.evidence as { what: string }[]).map(({ what }) => what);
    assertEquals(evidence.filter((what) => what.startsWith(`KVM did not boot the guest (${words}`)).length, 1);
    const second = await run(state);
    assertEquals([second.code, second.report.accel, second.report.attempts], [0, "tcg", 1], second.stderr);
    assertStringIncludes(second.stderr, `which is slow: ${SMALL}${words}`);
    const refused = await run(state, "--accel", "kvm");
    assertEquals([refused.code, refused.report.attempts], [125, 0], refused.stderr);
    assertStringIncludes(refused.stderr, `KVM does not work on this host: ${SMALL}${words}`);
    await expectDoctor(state, `${SMALL}${words}`);
    assertEquals(await leftovers(state), []);
  });
}

Deno.test("a KVM that went away between jobs is noticed, and used again when it is back", async () => {
  const state = await freshState("works");
  const first = await run(state);
  assertEquals([first.code, first.report.accel, first.report.attempts], [0, "kvm", 1], first.stderr);
  await expectDoctor(state);
  await writeStandIn(qemu, "went away");
  const words = "QEMU ended with status 1: Could not access KVM kernel module: No such device";
  const forced = await run(state, "--accel", "kvm");
  assertEquals(forced.code, 125, forced.stderr);
  assertStringIncludes(
    forced.stderr,
    `KVM does not work on this host: a kernel booted on it before, and now: ${words}`,
  );
  const second = await run(state);
  assertEquals([second.code, second.report.accel, second.report.attempts], [0, "tcg", 2], second.stderr);
  assertStringIncludes(second.stderr, `berth: on KVM ${words}; going on with emulation (TCG), which is slow`);
  await expectDoctor(state, "/dev/kvm is there, but QEMU ended with status 1 (Could not access KVM kernel module");
  // As if a minute had gone by.
  await writeStandIn(qemu, "works");
  await shell(`sed -i 's/"untilMs":[0-9]*/"untilMs":1/' "$1/host.json"`, state);
  const third = await run(state);
  assertEquals([third.code, third.report.accel, third.report.attempts], [0, "kvm", 1], third.stderr);
  assertEquals(await leftovers(state), []);
});

Deno.test("the doctor does not believe in a KVM that it has tried no kernel on", async () => {
  await writeStandIn(qemu, "works");
  const state = await emptyFolder("kvm/no-image");
  await expectDoctor(state, 'a small guest ran on KVM, and no kernel was tried: there is no image "default"');
});
