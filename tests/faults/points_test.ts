/**
 * Each fault at each point of a job's life.
 *
 * The job prints a line and exits with 3, or 0; it has a drain and an artifact, so that it comes through every point.
 *
 * @module
 */

import { type Point, POINTS } from "../../lib/job/points.ts";
import type { VerdictName } from "../../lib/job/verdict.ts";
import { SCRATCH, shell } from "../support/berth.ts";
import { type Case, plainPlace, prepareState, type Scene, testFaults } from "./harness.ts";

const place = plainPlace(await prepareState("points"));

type Expected = readonly [verdict: VerdictName | undefined, status: number];
const FLAGS = [
  ...["--drain", "true", "--drain-timeout", "10s"],
  ...["--artifact", `/etc/passwd=${SCRATCH}/faults-points-out`, "--artifact-on", "always"],
];
/** The points before the job's end is known, and those after it. */
const END = POINTS.indexOf("ended");
const isBefore = (point: Point) => POINTS.indexOf(point) < END;
const isAfterVm = (point: Point) => POINTS.indexOf(point) >= POINTS.indexOf("poweroff");

interface Fault {
  readonly name: string;
  readonly points: readonly Point[];
  /** With which status the job exits. */
  readonly exits: 0 | 3;
  readonly fault: (scene: Scene) => Promise<boolean | void>;
  readonly expected: (point: Point) => Expected;
  readonly before?: string;
  readonly flags?: readonly string[];
}

const signal = (name: string, pid: number) => shell('kill -s "$1" "$2"', name, String(pid));

/** Sends a signal to QEMU, which berth may just be starting. */
async function signalQemu(name: string, { state }: Scene): Promise<void> {
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

/** Fills the disk of the state folder, which is a mount of berth's own. */
async function fillDisk({ hostPid, state }: Scene): Promise<void> {
  await shell('dd if=/dev/zero of="/proc/$1/root$2/fill" bs=1M 2>/dev/null || true', String(hostPid), state);
}

/** A disk of its own, with room for the image and 300 MiB. */
const SMALL_DISK = `size=$(($(du -sm "$STATE" | cut -f1) + 300)); mkdir -p "$STATE.all"; : >"$STATE/report.json"
  mount --bind "$STATE" "$STATE.all"; mount -t tmpfs -o size=\${size}m small "$STATE"
  cp -a "$STATE.all/images" "$STATE"; mkdir "$STATE/points"; mount --bind "$STATE.all/points" "$STATE/points"
  : >"$STATE/report.json"; mount --bind "$STATE.all/report.json" "$STATE/report.json"`;

const own = (exits: 0 | 3): Expected => exits === 0 ? ["succeeded", 0] : ["failed", 3];

const FAULTS: readonly Fault[] = [
  {
    name: "SIGKILL of the host process",
    points: POINTS,
    exits: 3,
    fault: async ({ hostPid }) => {
      await signal("KILL", hostPid);
      return false;
    },
    expected: () => [undefined, 125],
  },
  {
    name: "SIGKILL of the front process",
    points: POINTS,
    exits: 3,
    fault: async ({ frontPid }) => void await signal("KILL", frontPid),
    // The host process has its TERM from the kernel then.
    expected: (point) => [isAfterVm(point) ? "failed" : "cancelled", 137],
  },
  ...(["TERM", "INT"] as const).map((name): Fault => ({
    name: `SIG${name} to the front process`,
    points: POINTS,
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
      isAfterVm(point) ? own(0) : ["launched", "qmp"].includes(point) ? ["boot-failed", 125] : ["vmm-crashed", 125],
  },
  {
    name: "SIGKILL of QEMU under a job that exits with 3",
    points: ["started", "ended", "drain", "collect", "poweroff"],
    exits: 3,
    fault: (scene) => signalQemu("KILL", scene),
    expected: (point) => isBefore(point) ? ["vmm-crashed", 125] : own(3),
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
  ...([0, 3] as const).map((exits): Fault => ({
    name: `a full disk under a job that exits with ${exits}`,
    points: POINTS.filter((point) => point !== "qmp" && point !== "launch"),
    exits,
    before: SMALL_DISK,
    fault: fillDisk,
    flags: ["--min-free", "100M"],
    expected: (point) =>
      isBefore(point) ? ["infra", 125] : exits === 3 || isAfterVm(point) ? own(exits) : ["infra", 125],
  })),
  {
    name: "a state folder that becomes read-only",
    points: ["folder"],
    exits: 0,
    fault: ({ hostPid, state }) =>
      shell('exec nsenter -t "$1" -m mount -o remount,bind,ro /run/berth/self/state', String(hostPid), state).then(
        () => {},
      ),
    expected: () => ["infra", 125],
  },
];

testFaults(
  place,
  FAULTS.flatMap(({ name, points, exits, fault, expected, before, flags = [] }) =>
    points.map((point): Case => {
      const [verdict, status] = expected(point);
      const script = `echo line; exit ${exits}`;
      return {
        label: `${name}, at "${point}"`,
        point,
        fault,
        flags: [...FLAGS, ...flags],
        script,
        before,
        verdict,
        status,
      };
    })
  ),
);
