/**
 * Faults, each at many points of a job's life.
 *
 * The job prints a line and exits with 3, or 0; it has a drain and an artifact, so that it comes through every point.
 *
 * @module
 */

import { type Point, POINTS } from "../../lib/machine/points.ts";
import type { VerdictName } from "../../lib/job/verdict.ts";
import { COLD, SCRATCH, shell } from "../support/berth.ts";
import { COLD_POINTS } from "../support/vmm/cold_points.ts";
import type { Case, Scene } from "./harness.ts";

/** How a job is to end. */
export type Expected = readonly [verdict: VerdictName | undefined, status: number];
const FLAGS = [
  ...["--drain", "true", "--drain-timeout", "10s"],
  ...["--artifact", `/etc/passwd=${SCRATCH}/faults-points-out`, "--artifact-on", "always"],
];
/** The points before the job's end is known, and those after it. */
const END = POINTS.indexOf("ended");
const START = POINTS.indexOf("started");
/** What befalls clones by then stands in clones.ts. */
const isOfBoot = (point: Point) => POINTS.indexOf(point) < POINTS.indexOf("hello");
export const isBeforeStart = (point: Point) => POINTS.indexOf(point) < START;
export const isBefore = (point: Point) => POINTS.indexOf(point) < END;
export const isAfterVm = (point: Point) => POINTS.indexOf(point) >= POINTS.indexOf("poweroff");

/** A fault, and the points at which it is tried. */
export interface Fault {
  readonly name: string;
  readonly points: readonly Point[];
  /** With which status the job exits. */
  readonly exits: 0 | 3;
  readonly fault: (scene: Scene) => Promise<boolean | void>;
  readonly expected: (point: Point) => Expected;
  readonly flags?: readonly string[];
}

export const signal = (name: string, pid: number) => shell('kill -s "$1" "$2"', name, String(pid));

/** Sends a signal to QEMU, which berth may just be starting. */
export async function signalQemu(name: string, { state }: Scene): Promise<void> {
  await shell(
    `for attempt in $(seq 200); do
      for pid in $(pgrep -x qemu-system-x86); do
        if grep -qF " $1" /proc/$pid/mountinfo 2>/dev/null; then kill -s "$2" $pid && exit 0; fi
      done
      sleep 0.05
    done; exit 1`,
    state,
    name,
  );
}

/** How it ends when nothing has gone wrong. */
export const own = (exits: 0 | 3): Expected => exits === 0 ? ["succeeded", 0] : ["failed", 3];

/** The death of the host process; tests/vm/gc_test.ts looks closer at what it leaves at each point. */
const HOST_KILLED: Fault = {
  name: "SIGKILL of the host process",
  points: COLD_POINTS,
  exits: 3,
  fault: async ({ hostPid }) => {
    await signal("KILL", hostPid);
    return false;
  },
  expected: () => [undefined, 123],
};

const FAULTS: readonly Fault[] = [
  {
    name: "SIGKILL of the front process",
    points: COLD_POINTS,
    exits: 3,
    fault: async ({ frontPid }) => void await signal("KILL", frontPid),
    // The host process has its TERM from the kernel then.
    expected: (point) => [isAfterVm(point) ? "failed" : "cancelled", 137],
  },
  ...(["TERM", "INT"] as const).map((name): Fault => ({
    name: `SIG${name} to the front process`,
    // Both go one way, and have another status.
    points: name === "TERM" ? COLD_POINTS : ["launch", "started", "drain", "report"],
    exits: 3,
    fault: async ({ frontPid }) => void await signal(name, frontPid),
    expected: (point) => isAfterVm(point) ? own(3) : ["cancelled", name === "TERM" ? 143 : 130],
  })),
  {
    name: "SIGKILL of QEMU under a job that exits with 0",
    points: ["launched", "qmp", "hello", "exec", "started", "ended", "drain", "collect", "poweroff"],
    exits: 0,
    fault: (scene) => signalQemu("KILL", scene),
    expected: (point) =>
      isAfterVm(point)
        ? own(0)
        : ["launched", "qmp"].includes(point)
        ? ["boot-failed", 125]
        : ["vmm-crashed", isBeforeStart(point) ? 125 : 123],
  },
  {
    name: "SIGKILL of QEMU under a job that exits with 3",
    points: ["started", "ended", "drain", "collect", "poweroff"],
    exits: 3,
    fault: (scene) => signalQemu("KILL", scene),
    expected: (point) => isBefore(point) ? ["vmm-crashed", 123] : own(3),
  },
  {
    name: "SIGSTOP of QEMU",
    points: ["launched", "qmp", "hello", "exec", "started", "poweroff"],
    exits: 3,
    fault: (scene) => signalQemu("STOP", scene),
    flags: ["--timeout", "2s", "--boot-timeout", "8s"],
    expected: (point) =>
      // A boot that hangs is tried once more.
      ["launched", "qmp", "poweroff"].includes(point)
        ? own(3)
        : point === "started"
        ? ["timed-out", 124]
        : ["boot-failed", 125],
  },
];

/** The job of a case. One that what is done to it is to end, and not a disk of the host, must still run by then. */
export function jobScript(point: Point, [verdict]: Expected, exits: 0 | 3): string {
  const isOwn = verdict === own(exits)[0] || verdict === "infra";
  return `echo line; ${isBefore(point) && !isOwn ? "sleep 60; " : ""}exit ${exits}`;
}

/** A case for each point of each fault. */
export function casesOf(faults: readonly Fault[]): Case[] {
  return faults.flatMap(({ name, points, exits, fault, expected, flags = [] }) =>
    points.map((point): Case => {
      const [verdict, status] = expected(point);
      const script = jobScript(point, [verdict, status], exits);
      const all = [...FLAGS, ...flags, ...(isOfBoot(point) && !flags.includes("--start") ? COLD : [])];
      return { label: `${name}, at "${point}"`, point, fault, flags: all, script, verdict, status };
    })
  );
}

/** What befalls processes. */
export const PROCESS_CASES: readonly Case[] = casesOf(FAULTS);
export const KILL_CASES: readonly Case[] = casesOf([HOST_KILLED]);
