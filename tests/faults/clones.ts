/**
 * Faults of guests whose state is saved, and of those who go on from one.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Point } from "../../lib/machine/points.ts";
import type { Case, Scene } from "./harness.ts";
import { type Expected, own, signal, signalQemu } from "./points.ts";

/** The folder of the state folder that has a template as it was made. */
export const PRISTINE = "pristine";

const FOLDER = '"$STATE/images/.templates"';
/** The next guest is saved; the next one goes on. */
const NO_TEMPLATE = `rm -rf ${FOLDER}`;
const A_TEMPLATE = `rm -rf ${FOLDER}; cp -a "$STATE/${PRISTINE}" ${FOLDER}`;

interface CloneFault {
  readonly name: string;
  readonly fault: (scene: Scene) => Promise<boolean | void>;
  readonly saving: Expected;
  readonly cloning: Expected;
  /** How the guest that the job had came to be, and after how many attempts. */
  readonly startedBy?: readonly [start: "cold" | "clone", attempts: number];
}

/** A boot that hangs is tried once more, and a clone that does is followed by a boot. */
const AGAIN = ["cold", 2] as const;

const FAULTS: readonly CloneFault[] = [
  {
    name: "SIGKILL of QEMU",
    fault: (scene) => signalQemu("KILL", scene),
    saving: ["boot-failed", 125],
    cloning: ["boot-failed", 125],
  },
  {
    name: "SIGSTOP of QEMU",
    fault: (scene) => signalQemu("STOP", scene),
    saving: own(3),
    cloning: own(3),
    startedBy: AGAIN,
  },
  {
    name: "SIGKILL of the host process",
    fault: async ({ hostPid }) => {
      await signal("KILL", hostPid);
      return false;
    },
    saving: [undefined, 123],
    cloning: [undefined, 123],
  },
  {
    name: "SIGKILL of the front process",
    fault: async ({ frontPid }) => void await signal("KILL", frontPid),
    saving: ["cancelled", 137],
    cloning: ["cancelled", 137],
  },
  {
    name: "SIGTERM to the front process",
    fault: async ({ frontPid }) => void await signal("TERM", frontPid),
    saving: ["cancelled", 143],
    cloning: ["cancelled", 143],
  },
];

const FLAGS = ["--start", "auto", "--boot-timeout", "15s"];

function caseOf({ name, fault, startedBy }: CloneFault, at: readonly [Point, string], expected: Expected): Case {
  const [point, before] = at;
  const [verdict, status] = expected;
  const isOwn = verdict === "failed";
  return {
    label: `${name}, at "${point}" of a guest that ${before === NO_TEMPLATE ? "is saved" : "goes on"}`,
    ...{ point, fault, flags: FLAGS, before, verdict, status },
    script: isOwn ? "exit 3" : "sleep 60",
    check: ({ report }) => startedBy && assertEquals([report?.start, report?.attempts], startedBy),
  };
}

/** What befalls them. */
export const CLONE_CASES: readonly Case[] = FAULTS.flatMap((one) => [
  ...(["ready", "saved"] as const).map((point) => caseOf(one, [point, NO_TEMPLATE], one.saving)),
  ...(["launched", "qmp", "restored"] as const).map((point) => caseOf(one, [point, A_TEMPLATE], one.cloning)),
]);
