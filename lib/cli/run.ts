/**
 * `berth run`: the front process reads the command line and starts the host process, which reads it again and runs the
 * job.
 *
 * @module
 */

import { runFront } from "../host/front.ts";
import {
  artifactWindow,
  BOOT,
  BUSYBOX,
  hasWindows,
  IMAGE,
  MODULES,
  REPORT,
  type Window,
  WORKSPACE,
} from "../host/windows.ts";
import { parseRunArgs, type RunArgs } from "./run_args.ts";
import { readSurroundings } from "./surroundings.ts";

/** What building images reads from the host. */
export const BUILD_WINDOWS: readonly Window[] = [
  { mode: "optional", target: BOOT, source: "/boot" },
  { mode: "optional", target: MODULES, source: "/lib/modules" },
  { mode: "optional", target: BUSYBOX, source: "/bin/busybox" },
];

/** Runs the command and returns the exit status. */
export async function run(argv: readonly string[], mainModule: string): Promise<number> {
  const surroundings = readSurroundings(mainModule);
  const args = parseRunArgs(argv, surroundings.hostMemoryBytes);
  if (hasWindows()) {
    const { runHere } = await import("./run_here.ts");
    return await runHere(args, windowPaths(args, surroundings.stateDir));
  }
  return await runFront({
    ...surroundings,
    args: ["run", ...argv],
    env: surroundings.hostEnv,
    windows: [...BUILD_WINDOWS, ...runWindows(args)],
  });
}

/** The windows of one job. Pure. */
export function runWindows(args: RunArgs): Window[] {
  return [
    ...("folder" in args.image ? [{ mode: "ro", target: IMAGE, source: args.image.folder } as const] : []),
    ...(args.workspace === undefined ? [] : [{ mode: "folder", target: WORKSPACE, source: args.workspace } as const]),
    ...args.artifactFolders.map((source, index) => ({ mode: "make", target: artifactWindow(index), source } as const)),
    ...(args.report === undefined ? [] : [{ mode: "file", target: REPORT, source: args.report } as const]),
  ];
}

/** What the windows show, for messages. */
function windowPaths(args: RunArgs, stateDir: string): [string, string][] {
  const windows = [...BUILD_WINDOWS, ...runWindows(args)].map((
    { target, source },
  ): [string, string] => [target, source]);
  return [...windows, ["/run/berth/self/state", stateDir]];
}
