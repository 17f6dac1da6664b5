// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { BootFailedError } from "../../../lib/machine/boot_failure.ts";
import type { Point } from "../../../lib/machine/points.ts";
import type { VmExit } from "../../../lib/vmm/vmm.ts";
import type { Play } from "../../support/vmm/fake_guest.ts";
import { TEMPLATE } from "../../support/vmm/fake_templates.ts";
import { IdleVm } from "../../support/vmm/idle_vm.ts";
import {
  attemptsOf,
  type Broken,
  errorOf,
  notesOf,
  pointsOf,
  type Start,
  start,
  startedOf,
  startsOf,
  startWith,
} from "./start_scene.ts";

/** Starts a VM for which there is a saved state. */
const startClone = (plan: Start = {}, isLastTry = false) => startWith({ template: TEMPLATE, isLastTry }, plan);

Deno.test("boot() has a VM go on from a saved state, and neither boots nor saves it", async () => {
  const started = await startClone();
  const { booted, uncloned } = startedOf(started);
  const { vmm, templates } = started;
  assertEquals([booted, uncloned], [undefined, undefined]);
  assertEquals(vmm.vms.map(({ plan: { state, nonce } }) => [state, nonce]), [[TEMPLATE.path, TEMPLATE.nonce]]);
  assertEquals(pointsOf(started), ["launch", "launched", "qmp", "restored", "hello"]);
  assertEquals(started.told.flatMap((event) => event.kind === "phase" ? [event.phase] : []), ["restore"]);
  assertEquals([startsOf(started), attemptsOf(started), notesOf(started)], [[["clone", undefined]], [1], []]);
  assertEquals([templates.begun, templates.blamed], [0, []]);
});

Deno.test("boot() tells a guest who it is only when its state is there, and takes it back at its hello", async () => {
  const started = await startClone();
  // That point is told before the VM is somebody's own.
  assertEquals([started.identityAt, started.isIdentityLeft], [["hello"], false]);
});

const FAILS: [what: string, clones: Play["clones"], why: string, points: readonly Point[]][] = [
  ["hangs", "hang", "the guest's agent did not report within 500 ms", ["restored"]],
  ["is refused by its VMM", "refuse", "QEMU: no such state", []],
  ["does not go on", "stay", "QEMU: it does not go on", ["restored"]],
  ["ends with its VMM", "end", "QEMU ended with status 1: its state can't be read", []],
];
for (const [what, clones, why, points] of FAILS) {
  Deno.test(`boot() boots in place of a clone that ${what}, blames its state, and says so`, async () => {
    const started = await startClone({ play: { clones }, timeoutMs: clones === "hang" ? 500 : undefined });
    const { booted, uncloned } = startedOf(started);
    const { vmm, templates, nonce } = started;
    const words = `the clone did not start: ${why}`;
    assertEquals([booted?.accelerator, uncloned], ["kvm", words]);
    assertEquals([startsOf(started), attemptsOf(started)], [[["cold", words]], [1, 2]]);
    assertEquals(notesOf(started), [`${words}; starting cold`]);
    const seen = started.told.flatMap((event) => event.kind === "seen" ? [event.what] : []);
    assertEquals(seen.filter((text) => text === words).length, 1);
    assertEquals([templates.blamed, templates.begun], [[why], 0]);
    assertEquals(vmm.vms.map((vm) => [vm.plan.state, vm.plan.nonce, vm.isDisposed]), [
      [TEMPLATE.path, TEMPLATE.nonce, true],
      [undefined, nonce, true],
    ]);
    const begun: readonly Point[] = ["launch", "launched", "qmp"];
    assertEquals(pointsOf(started), [...begun, ...points, ...begun, "ready", "hello"]);
    // It is cleared when the clone has failed, before another guest is there.
    assertEquals([started.identityAt, started.isIdentityLeft], [["hello"], false]);
  });
}

Deno.test("boot() says that a state is used no more", async () => {
  const started = await startClone({ play: { clones: "end" } }, true);
  const why = "QEMU ended with status 1: its state can't be read; its saved state is not used any more";
  assertEquals(startedOf(started).uncloned, `the clone did not start: ${why}`);
  assertEquals(notesOf(started), [`the clone did not start: ${why}; starting cold`]);
});

const end = (code: number) => ({ vmm }: Broken) => vmm.vm!.end({ code, words: "" });
const KILLS: [what: string, plan: Start][] = [
  ["a KILL while its state is read", { at: "qmp", fault: end(137) }],
  ["a KILL before it goes on", { at: "restored", fault: end(137) }],
  ["a KILL under which it can't be told to go on", { at: "restored", fault: end(137), play: { clones: "stay" } }],
  ["a TERM", { at: "restored", fault: ({ vmm }) => vmm.vm!.end({ code: 0, words: "", reason: "host-signal" }) }],
  ["berth itself", { at: "restored", fault: ({ kill }) => kill.abort(new Error("the disk is full")) }],
  ["berth itself, as it breaks", {
    at: "restored",
    fault: (broken) => {
      end(134)(broken);
      broken.kill.abort(new Error("the disk is full"));
    },
  }],
];
for (const [what, plan] of KILLS) {
  Deno.test(`boot() neither blames nor boots after a clone that was ended by ${what}`, async () => {
    const started = await startClone(plan);
    const { vmm, templates } = started;
    assertEquals(errorOf(started) instanceof BootFailedError, true, errorOf(started).message);
    assertEquals([templates.blamed, vmm.vms.length, attemptsOf(started)], [[], 1, [1]]);
    assertEquals([vmm.vm!.isDisposed, started.isIdentityLeft], [true, false]);
  });
}

Deno.test("boot() boots in place of a clone that failed also where nobody can remember that", async () => {
  const blames = new Error("no space left");
  const started = await startWith({ template: TEMPLATE, blames }, { play: { clones: "end" } });
  assertEquals([startedOf(started).booted?.accelerator, attemptsOf(started)], ["kvm", [1, 2]]);
  const troubles = started.told.flatMap((event) => event.kind === "trouble" ? [event.text] : []);
  assertEquals(troubles, ["that a clone did not start is not remembered: no space left"]);
});

Deno.test("boot() looks whether a clone had to go at once before it blames its state", async () => {
  const look: Start["look"] = ({ kill }) => kill.abort(new Error("the disk is full"));
  const started = await startClone({ play: { clones: "end" }, look });
  assertEquals([errorOf(started) instanceof BootFailedError, started.templates.blamed], [true, []]);
});

Deno.test("boot() blames no state that is refused to somebody who waits for it no more", async () => {
  const reason = new Error("cancelled");
  // Between the refusal and the end of its VMM, which does not come.
  const fault: Start["fault"] = ({ stop }) => void setTimeout(() => stop.abort(reason), 50);
  const started = await startClone({ play: { clones: "refuse" }, at: "qmp", fault });
  assertEquals([errorOf(started), started.templates.blamed, attemptsOf(started)], [reason, [], [1]]);
});

/** A VMM that did not get into its group. */
class Refused extends IdleVm {
  override readonly exited = Promise.resolve<VmExit>({
    kind: "no-group",
    code: 125,
    words: "sh: write error: Device or resource busy",
  });
}

Deno.test("boot() takes a group that can't be joined for the host's fault, not for the clone's", async () => {
  let boots = 0;
  const started = await startClone({
    boot: () => {
      boots++;
      return new Refused();
    },
  });
  const error = errorOf(started);
  assertEquals([error instanceof BerthError && error.code, boots, started.templates.blamed], ["cgroup.denied", 1, []]);
  assertStringIncludes(error.message, "no process can join the VM's group: EBUSY");
});

for (const at of ["launched", "qmp", "restored"] as const) {
  Deno.test(`boot() stops at "${at}" of a clone when nobody waits for it any more`, async () => {
    const reason = new Error("cancelled");
    const started = await startClone({ play: { clones: "hang" }, at, fault: ({ stop }) => stop.abort(reason) });
    assertEquals(errorOf(started), reason);
    assertEquals([started.templates.blamed, started.vmm.vms.map(({ isDisposed }) => isDisposed)], [[], [true]]);
    assertEquals([startsOf(started), started.isIdentityLeft], [[], false]);
  });
}

Deno.test("boot() boots a guest of several lanes, and asks for no state, nor keeps its own", async () => {
  const started = await startClone({ lanes: 2 });
  const { templates, vmm } = started;
  assertEquals([startedOf(started).booted?.accelerator, templates.opened, templates.begun], ["kvm", 0, 0]);
  const why = "a guest that runs several commands at once has no state for others";
  assertEquals([vmm.vm!.plan.state, startsOf(started)], [undefined, [["cold", why]]]);
});

Deno.test("boot() says why there is no state to go on from", async () => {
  const started = await start({ uncloneable: "devices of the host have a state of their own" });
  assertEquals(startedOf(started).uncloned, "devices of the host have a state of their own");
  assertEquals(startsOf(started), [["cold", "devices of the host have a state of their own"]]);
});
