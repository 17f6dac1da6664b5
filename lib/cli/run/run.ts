/**
 * `berth run`: the front process reads the command line and starts the host process, which reads it again and runs the
 * job.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { isDiskNumber, type Limits } from "../../cgroup/limits.ts";
import { nodesToLookFor, parseDevice, pathsOf } from "../../cgroup/systemd/devices.ts";
import { DEFAULT_SLICE, slicePath } from "../../cgroup/systemd/properties.ts";
import { expectOwnFolders, foldersToOwn } from "../../files/own_folder.ts";
import { runFront } from "../../host/front.ts";
import { isInMask, readIgnoredSignals } from "../../host/ignored_signals.ts";
import { takeRequest } from "../../host/request.ts";
import {
  artifactWindow,
  BOOT,
  BUSYBOX,
  CGROUP,
  hasWindows,
  HOST_FACTS,
  IMAGE,
  MODULES,
  nodeWindow,
  REPORT,
  SLICE,
  STATE,
  USERS,
  volumeWindow,
  type Window,
  WORKSPACE,
} from "../../host/windows.ts";
import type { OnPoint } from "../../job/points.ts";
import type { JobSpec } from "../../job/spec.ts";
import { STOP_NUMBERS, STOP_SIGNALS, StopRequest } from "../../job/stop.ts";
import { STATUS_UNKNOWN } from "../../job/verdict.ts";
import { type Configurable, readCall } from "../config/configured.ts";
import { Console } from "../terminal/console.ts";
import { readEnv } from "./env_args.ts";
import { RUN_FLAGS } from "../line/flags.ts";
import { parseRunArgs, type RunArgs } from "./args.ts";
import { readSurroundings } from "../config/surroundings.ts";

/** What building images reads from the host. */
export const BUILD_WINDOWS: readonly Window[] = [
  { mode: "optional", target: BOOT, source: "/boot" },
  { mode: "optional", target: MODULES, source: "/lib/modules" },
  { mode: "optional", target: BUSYBOX, source: "/bin/busybox" },
];

const RUN = {
  name: "run",
  flags: RUN_FLAGS,
  parse: (argv, { hostMemoryBytes }) => parseRunArgs(argv, hostMemoryBytes),
} satisfies Configurable;

/** Runs the command and returns the exit status. */
export async function run(words: readonly string[], mainModule: string, onPoint?: OnPoint): Promise<number> {
  if (hasWindows()) return await runBehindWindows(mainModule, onPoint);
  const { argv, surroundings } = await readCall(words, RUN, mainModule);
  const args = RUN.parse(argv, surroundings);
  const request: Request = { argv, env: await readEnv(args.env) };
  const front = runFront({
    ...surroundings,
    programs: ["busybox", "qemu-system-x86_64"],
    // What it is to run, and with which secrets, is nobody's business.
    args: ["run"],
    request,
    env: surroundings.hostEnv,
    windows: [
      ...BUILD_WINDOWS,
      goneFact(surroundings.stateDir),
      ...runWindows(args),
      ...jailWindows(args.spec, surroundings.isRoot),
    ],
  });
  try {
    return await front;
  } catch (error) {
    if (!(error instanceof BerthError && error.code === "host.window")) throw error;
    // It was killed, and nobody else knows how far its job had come.
    await using console = new Console(false);
    console.error(error);
    return STATUS_UNKNOWN;
  }
}

/** What the front process hands on. */
interface Request {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function runBehindWindows(mainModule: string, onPoint?: OnPoint): Promise<number> {
  const stop = new StopRequest();
  const ignored = readIgnoredSignals();
  for (const signal of STOP_SIGNALS) {
    const stays = isInMask(ignored, STOP_NUMBERS[signal]);
    Deno.addSignalListener(signal, () => stays || stop.stop(signal));
  }
  const { argv, env } = takeRequest() as Request;
  const surroundings = readSurroundings(mainModule);
  await expectOwnFolders(surroundings.uid, foldersToOwn(surroundings.stateDir));
  const { spec, ...args } = RUN.parse(argv, surroundings);
  const asked: RunArgs = { ...args, spec: { ...spec, env } };
  const { JailTrial } = await import("../../app/jail_trial.ts");
  // Its programs run while the rest of this one is loaded.
  await using trial = new JailTrial(asked.spec, stop.requested);
  const { runAndTell } = await import("./host_process.ts");
  return await runAndTell(asked, { stop, trial, onPoint }, windowPaths(asked, surroundings.stateDir));
}

/** The windows of one job and of its VM's group. Pure. */
export function runWindows(args: RunArgs): Window[] {
  return [...jobWindows(args), ...(args.spec.limits === "off" ? [] : groupWindows(args.spec))];
}

function jobWindows(args: RunArgs): Window[] {
  return [
    ...("folder" in args.image ? [{ mode: "ro", target: IMAGE, source: args.image.folder } as const] : []),
    ...(args.workspace === undefined ? [] : [{ mode: "folder", target: WORKSPACE, source: args.workspace } as const]),
    ...args.volumePaths.flatMap((source, index) =>
      source === undefined ? [] : [{ mode: "ro", target: volumeWindow(index), source } as const]
    ),
    ...args.artifactFolders.map((source, index) => ({ mode: "make", target: artifactWindow(index), source } as const)),
    ...(args.report === undefined ? [] : [{ mode: "file", target: REPORT, source: args.report } as const]),
  ];
}

/** The windows and facts that a VM's group needs. Pure. */
function groupWindows({ cgroupParent: parent, cgroupDriver, groupLimits, devices }: JobSpec): Window[] {
  const slice = slicePath(parent.kind === "unit" ? parent.slice : DEFAULT_SLICE);
  const isSystemds = parent.kind === "unit" || cgroupDriver === "systemd";
  const spare = cgroupDriver === "auto" && parent.kind === "self";
  const own = devices.map(parseDevice);
  return [
    { mode: "cgroup", target: CGROUP, source: parent.kind === "path" ? parent.path : "self" },
    ...(isSystemds || spare
      ? [{ mode: isSystemds ? "slice" : "spare_slice", target: SLICE, source: slice } as const]
      : []),
    ...(isSystemds || spare ? nodesToLookFor(own) : pathsOf(own)).map(deviceFact),
    ...diskFacts(groupLimits),
  ];
}

/** What a VMM's jail needs of the host. Pure. */
export function jailWindows({ jail, accel, devices }: JobSpec, isRoot: boolean): Window[] {
  const own = pathsOf(devices.map(parseDevice));
  // For a QEMU without a jail; and for one that may come to have none.
  const here = own.map((source): Window => ({ mode: "here", target: HOST_FACTS, source }));
  if (jail === "off") return here;
  const nodes = [...(accel === "tcg" ? [] : ["/dev/kvm"]), ...own];
  return [
    ...here,
    ...(isRoot ? [usersWindow()] : []),
    ...[...new Set(nodes)].map((source): Window => ({ mode: "node", target: nodeWindow(source), source })),
  ];
}

/** Shows which users of the host are taken by VMMs. For root. */
export function usersWindow(): Window {
  return { mode: "users", target: USERS, source: "/run/berth-users" };
}

/** The slice of VMs' scopes, where systemd has kept berth's own group for itself. */
export const SPARE_SLICE: Window = { mode: "spare_slice", target: SLICE, source: slicePath(DEFAULT_SLICE) };

/** Asks which groups of dead jobs need not be looked for. */
export function goneFact(stateDir: string): Window {
  return { mode: "gone", target: HOST_FACTS, source: `${stateDir}/jobs` };
}

/** Asks whether a device node is there. */
export function deviceFact(path: string): Window {
  return { mode: "device", target: HOST_FACTS, source: path };
}

/** Asks for the numbers of disks that are given by name. */
export function diskFacts({ ioMax = [] }: Limits): Window[] {
  return ioMax.filter(({ device }) => !isDiskNumber(device)).map(({ device }) => ({
    mode: "block",
    target: HOST_FACTS,
    source: device,
  }));
}

/** What the windows show, for messages. */
function windowPaths(args: RunArgs, stateDir: string): (readonly [window: string, path: string])[] {
  const windows = [...BUILD_WINDOWS, ...jobWindows(args)].map(({ target, source }) => [target, source] as const);
  return [...windows, [STATE, stateDir]];
}
