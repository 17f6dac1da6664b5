/**
 * What befalls jobs, and how each is to end for it, at each point of its life.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import type { PartialRequest } from "../../../lib/job/request/request.ts";
import type { VerdictName } from "../../../lib/job/verdict.ts";
import { type Point, POINTS } from "../../../lib/machine/points.ts";
import type { Lived, Scene } from "../../support/life.ts";
import { ARTIFACT, type Play } from "../../support/vmm/fake_guest.ts";

const MIB = 1024 ** 2;
const LINE = "a line\n";
/** It does what it is to do, and ends well. */
export const OK: Play = { prints: LINE, ends: "exited code 0 0" };
const FAILS: Play = { prints: LINE, ends: "exited code 3 0" };
const RUNS_ON: Play = { prints: LINE };

/** How a life is to end: verdict, and exit status. Whether it counts as started, every life is asked: see checkLife. */
type Expected = readonly [verdict: VerdictName, status: number];

export const at = (point: Point) => POINTS.indexOf(point);
const isBefore = (point: Point, other: Point) => at(point) < at(other);

/** Something that befalls jobs, and the points at which it is tried. */
export interface Blow {
  readonly name: string;
  /** What the job would do; one that runs on must be ended by the blow. */
  readonly play: (point: Point) => Play;
  readonly fault: (scene: Scene) => void | Promise<void>;
  readonly from?: Point;
  readonly to?: Point;
  readonly spec?: PartialRequest;
  /** A clone that it befalls before its hello is given up for a boot, and the job does not end for it. */
  readonly sparesClones?: true;
  readonly expected: (point: Point) => Expected;
  /** Looks at more. */
  readonly check?: (lived: Lived, point: Point) => void;
}

/** What runs on until the blow, if that comes before its end. */
const untilEnd = (otherwise: Play) => (point: Point) => isBefore(point, "ended") ? RUNS_ON : otherwise;
/** What ends a VM ends the job's life before it has started, under it, or not any more. */
const ofVm = (under: VerdictName, own: Expected) => (point: Point): Expected => {
  if (isBefore(point, "hello")) return ["boot-failed", 125];
  if (isBefore(point, "poweroff")) return [under, isBefore(point, "started") ? 125 : 123];
  return own;
};

/** A host's answer to who ends a job by what it has seen: see the verdicts' topic. */
export const BLOWS: readonly Blow[] = [
  {
    name: "nothing but strangers who dial in",
    play: () => OK,
    fault: ({ socket }) => strangers(socket),
    expected: () => ["succeeded", 0],
    check: expectWhole,
  },
  {
    name: "a VMM that talks without end, under a job that fails,",
    play: () => FAILS,
    fault: ({ vmm }) => vmm.vm?.flood(500),
    from: "launched",
    to: "poweroff",
    expected: () => ["failed", 3],
    check: (lived) => {
      expectWhole(lived);
      assertEquals(lived.result.evidence.filter(({ source }) => source === "qmp").length <= 100, true);
    },
  },
  {
    name: "a TERM",
    play: untilEnd(OK),
    fault: ({ stop }) => stop.stop("SIGTERM"),
    expected: (point) => isBefore(point, "poweroff") ? ["cancelled", 143] : ["succeeded", 0],
  },
  {
    name: "two INTs",
    play: untilEnd(OK),
    fault: async ({ stop }) => {
      stop.stop("SIGINT");
      // Before that it would be taken for an echo.
      await new Promise((resolve) => setTimeout(resolve, 220));
      stop.stop("SIGINT");
    },
    expected: (point) => isBefore(point, "poweroff") ? ["cancelled", 130] : ["succeeded", 0],
  },
  {
    name: "a crash of the VMM",
    play: untilEnd(OK),
    fault: ({ vmm }) => vmm.vm?.end({ code: 134, words: "assertion failed" }),
    from: "launched",
    sparesClones: true,
    expected: ofVm("vmm-crashed", ["succeeded", 0]),
  },
  {
    name: "a panic of the guest",
    play: untilEnd(OK),
    fault: ({ vmm }) => vmm.vm?.end({ code: 0, words: "", reason: "guest-panic" }),
    from: "launched",
    sparesClones: true,
    expected: ofVm("guest-lost", ["succeeded", 0]),
  },
  {
    name: "a crash of the VMM after a job that failed",
    play: () => FAILS,
    fault: ({ vmm }) => vmm.vm?.end({ code: 134, words: "assertion failed" }),
    from: "ended",
    expected: () => ["failed", 3],
  },
  {
    name: "an agent that hangs up",
    play: untilEnd(OK),
    fault: ({ vmm }) => vmm.vm?.loseAgent(),
    from: "hello",
    to: "poweroff",
    expected: ofVm("guest-lost", ["succeeded", 0]),
  },
  {
    name: "an agent that talks nonsense",
    play: untilEnd(OK),
    fault: ({ vmm }) => vmm.vm?.say("nonsense"),
    from: "hello",
    to: "collect",
    // Nobody can tell what it did when it was asked, even before that.
    expected: () => ["guest-lost", 123],
  },
  {
    name: "the kernel's OOM killer in the VM's group",
    play: untilEnd(OK),
    fault: ({ vmm, tree, folder }) => {
      const group = `vm-${folder.split("/").at(-1)}`;
      tree.setContent(`${group}/memory.events`, "low 0\nhigh 0\nmax 1\noom 1\noom_kill 1\noom_group_kill 1");
      tree.setContent(`${group}/memory.events.local`, "low 0\nhigh 0\nmax 1\noom 1\noom_kill 1\noom_group_kill 1");
      vmm.vm?.end({ code: 137, words: "" });
    },
    from: "launched",
    to: "gone",
    expected: (point) => isBefore(point, "poweroff") ? ["oom-host", 137] : ["succeeded", 0],
  },
  {
    name: "the guest's OOM killer, which the agent tells of,",
    play: () => ({ prints: LINE, ends: "exited signal 9 1" }),
    fault: ({ socket }) => strangers(socket),
    expected: () => ["oom-guest", 137],
    check: expectWhole,
  },
  {
    name: "a disk of the VM that is full on the host",
    play: untilEnd(OK),
    fault: ({ vmm }) => vmm.vm?.pause({ status: "io-error", diskFull: true }),
    from: "hello",
    expected: (point) =>
      isBefore(point, "poweroff") ? ["infra", isBefore(point, "started") ? 125 : 123] : ["succeeded", 0],
  },
  {
    name: "a VMM that can't run its guest any more",
    play: untilEnd(OK),
    fault: ({ vmm }) => vmm.vm?.pause({ status: "internal-error", diskFull: false }),
    from: "hello",
    expected: ofVm("vmm-crashed", ["succeeded", 0]),
  },
  {
    name: "more on the disk than the job may take",
    play: untilEnd(OK),
    fault: ({ folder }) => grow(folder),
    spec: { diskBytes: 8 * MIB },
    from: "hello",
    to: "drain",
    expected: () => ["failed", 153],
  },
  {
    name: "its time being over",
    play: () => RUNS_ON,
    fault: ({ socket }) => strangers(socket),
    spec: { timeoutMs: 20 },
    expected: () => ["timed-out", 124],
    check: expectWhole,
  },
  {
    name: "a guest that stands still",
    play: untilEnd(OK),
    fault: ({ vmm }) => vmm.vm?.freeze(),
    spec: { bootTimeoutMs: 300 },
    from: "hello",
    to: "exec",
    expected: () => ["boot-failed", 125],
  },
  {
    name: "a guest that never comes up, and strangers",
    play: () => ({ isSilent: true }),
    fault: ({ socket }) => strangers(socket),
    spec: { bootTimeoutMs: 50 },
    to: "qmp",
    expected: () => ["boot-failed", 125],
    check: ({ scene: { vmm } }) => assertEquals(vmm.vms.filter(({ plan }) => plan.state === undefined).length, 2),
  },
  {
    name: "a reader who goes",
    play: () => RUNS_ON,
    fault: ({ closeOutput }) => closeOutput(),
    to: "exec",
    expected: () => ["cancelled", 141],
  },
  {
    name: "a VM that the kernel does not end",
    play: () => OK,
    fault: ({ vmm }) => {
      vmm.vm?.stick();
      vmm.vm?.loseAgent();
    },
    from: "hello",
    to: "hello",
    expected: () => ["guest-lost", 125],
  },
];

/** Who dials in and is nobody: one without a word, one with garbage, one with a token that nobody has. */
async function strangers(socket: string): Promise<void> {
  for (const words of ["", "nonsense\n", `hello ${"0".repeat(26)} agent\nexited code 0 0\n`]) {
    const connection = await Deno.connect({ transport: "unix", path: socket }).catch(() => undefined);
    await connection?.write(new TextEncoder().encode(words)).catch(() => {});
    connection?.close();
  }
}

function grow(folder: string): void {
  try {
    Deno.writeFileSync(`${folder}/serial.log`, new Uint8Array(16 * MIB).fill(1), { append: true, create: false });
  } catch {
    // It has gone.
  }
}

/** All that the job printed and made is there. */
function expectWhole({ stdout, artifact, result }: Lived): void {
  assertEquals([stdout, artifact, result.troubles], [LINE, ARTIFACT, []]);
}
