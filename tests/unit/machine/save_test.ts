// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { BootFailedError } from "../../../lib/machine/boot_failure.ts";
import type { Point } from "../../../lib/machine/points.ts";
import type { TemplatesPlan } from "../../support/vmm/fake_templates.ts";
import {
  attemptsOf,
  errorOf,
  notesOf,
  pointsOf,
  type Start,
  start,
  startedOf,
  startsOf,
  startWith,
} from "./start_scene.ts";

/** Why nobody could go on from one, where none was there. */
const NONE = "no state of such a guest is there yet";
const BEGUN: readonly Point[] = ["launch", "launched", "qmp"];

/** Starts a VM for which there is no saved state. */
const startFirst = (of: TemplatesPlan = {}, plan: Start = {}) => startWith(of, plan);

Deno.test("boot() keeps the state of a guest that is nobody's yet for others, by its nonce", async () => {
  const started = await startFirst();
  const { booted, uncloned } = startedOf(started);
  const { templates, nonce } = started;
  assertEquals(templates.kept, [{ state: "its state", nonce }]);
  assertEquals([booted?.accelerator, uncloned, templates.unfinished], ["kvm", undefined, 0]);
  assertEquals(pointsOf(started), [...BEGUN, "ready", "saved", "hello"]);
  assertEquals([startsOf(started), attemptsOf(started), notesOf(started)], [[["cold", NONE]], [1], []]);
  // What is saved has not been told who it is.
  assertEquals([started.identityAt, started.isIdentityLeft], [["hello"], false]);
});

Deno.test("boot() says why there was none before, though it keeps this one", async () => {
  const started = await startFirst({ why: "the saved state was damaged" });
  assertEquals([startedOf(started).uncloned, started.templates.kept.length], [undefined, 1]);
  assertEquals(startsOf(started), [["cold", "the saved state was damaged"]]);
});

const UNFIT = "its kernel has read the job's disks, or its root can't be put together";

const UNSAVED: [what: string, of: TemplatesPlan, plan: Start, why: string][] = [
  ["that is none for others", {}, { play: { isUnfit: true } }, `${NONE}; its own is not kept: ${UNFIT}`],
  [
    "that has no place",
    { full: "another berth makes this template" },
    {},
    `${NONE}; its own is not kept: another berth makes this template`,
  ],
  [
    "that has no place, nor one that could be used",
    { why: "the saved state was damaged", full: "the disk is full" },
    {},
    "the saved state was damaged; its own is not kept: the disk is full",
  ],
];
for (const [what, of, plan, why] of UNSAVED) {
  Deno.test(`boot() goes on without keeping a state ${what}, and tells why`, async () => {
    const started = await startFirst(of, plan);
    assertEquals([startedOf(started).uncloned, startsOf(started)], [why, [["cold", why]]]);
    assertEquals([started.templates.kept, pointsOf(started)], [[], [...BEGUN, "ready", "hello"]]);
    assertEquals([notesOf(started), started.templates.begun], [[], plan.play?.isUnfit ? 0 : 1]);
  });
}

const BREAKS: [what: string, of: TemplatesPlan, plan: Start, why: string][] = [
  ["its VMM does not save", {}, { play: { savesNot: true } }, "QEMU: the migration is failed"],
  ["nobody takes", { writes: new Error("no space left") }, {}, "no space left"],
  ["can't be finished", { commits: new Error("the disk is read-only") }, {}, "the disk is read-only"],
];
for (const [what, of, plan, why] of BREAKS) {
  Deno.test(`boot() goes on when it is a state that ${what}, and leaves nothing of that`, async () => {
    const started = await startFirst(of, plan);
    const told = `${NONE}; its own is not kept: ${why}`;
    assertEquals([startedOf(started).uncloned, startsOf(started)], [told, [["cold", told]]]);
    assertEquals(notesOf(started), [`the guest's state is not kept for others: ${why}`]);
    const { kept, begun, unfinished } = started.templates;
    assertEquals([kept, begun, unfinished], [[], 1, 0]);
    assertEquals(pointsOf(started), [...BEGUN, "ready", "hello"]);
  });
}

Deno.test("boot() keeps no state of a guest whose first boot hung, and says so", async () => {
  const started = await startFirst({}, { timeoutMs: 500, at: "launched", fault: ({ vmm }) => vmm.vm!.freeze() });
  assertEquals([attemptsOf(started), started.templates.begun], [[1, 2], 0]);
  assertEquals(pointsOf(started), [...BEGUN, ...BEGUN, "ready", "hello"]);
  const why = `${NONE}; its own is not kept: its first boot came to nothing`;
  assertEquals([startedOf(started).uncloned, startsOf(started)], [why, [["cold", why]]]);
});

Deno.test("boot() leaves nothing of who a guest is when that stands still as it is asked", async () => {
  const fault: Start["fault"] = ({ vmm }) => vmm.vm!.freeze();
  const started = await startFirst({}, { timeoutMs: 500, at: "ready", fault });
  assertEquals([attemptsOf(started), started.isIdentityLeft], [[1, 2], false]);
  // Nor is it there when the next one boots.
  assertEquals(started.identityAt, ["hello"]);
});

for (const at of ["ready", "saved"] as const) {
  Deno.test(`boot() ends with a VM that crashes at "${at}", and leaves nothing of who its guest was to be`, async () => {
    const fault: Start["fault"] = ({ vmm }) => vmm.vm!.end({ code: 134, words: "assertion failed" });
    const started = await startFirst({}, { at, fault });
    const error = errorOf(started);
    assertEquals([error instanceof BootFailedError, error.message], [
      true,
      "QEMU ended with status 134: assertion failed",
    ]);
    assertEquals([started.isIdentityLeft, started.vmm.vms.map(({ isDisposed }) => isDisposed)], [false, [true]]);
  });

  Deno.test(`boot() stops at "${at}" when nobody waits for it any more`, async () => {
    const reason = new Error("cancelled");
    const started = await startFirst({}, { at, fault: ({ stop }) => stop.abort(reason) });
    assertEquals([errorOf(started), started.isIdentityLeft, startsOf(started)], [reason, false, []]);
    assertEquals(started.vmm.vms.map(({ isDisposed }) => isDisposed), [true]);
  });
}

Deno.test("boot() keeps nothing where nobody wants states", async () => {
  const started = await start({});
  assertEquals([startsOf(started), pointsOf(started)], [[["cold", undefined]], [...BEGUN, "ready", "hello"]]);
});
