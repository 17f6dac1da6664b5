/**
 * What the windows' scripts have found out about the cgroup tree and about devices.
 *
 * @module
 */

import { HOST_FACTS } from "./windows.ts";

/** Texts of /proc, of the mount table and of systemd about groups, as they are. */
export interface CgroupFacts {
  /** `/proc/self/cgroup`. */
  readonly cgroup: string;
  /** `/proc/self/mountinfo`. */
  readonly mounts: string;
  /** Whether systemd has delegated the unit that this process is in; `unknown` without systemd, or outside of a unit. */
  readonly delegated: "yes" | "no" | "unknown";
  /** The real path of the group that the user named; empty when there is no such folder. */
  readonly given: string;
  /** The host's path of the group that has a window; empty when none has. */
  readonly window: string;
  /** The host's path of the slice that has a window; empty when none has. */
  readonly sliceWindow: string;
  /** Those of the device nodes that were asked about which are there. */
  readonly devices: readonly string[];
  /** `MAJOR:MINOR` of each block device that was asked about and is there, by its name or path as it was given. */
  readonly blockDevices: ReadonlyMap<string, string>;
}

/** Reads these texts; what nobody asked for is empty. */
export async function readCgroupFacts(): Promise<CgroupFacts> {
  const names = ["cgroup", "mounts", "delegated", "cgroup_given", "cgroup_window", "slice_window", "devices", "block"];
  const [cgroup, mounts, delegated, given, window, sliceWindow, devices, block] = await Promise.all(
    names.map(readFact),
  );
  return {
    cgroup,
    mounts,
    delegated: delegated === "yes" || delegated === "no" ? delegated : "unknown",
    given,
    window,
    sliceWindow,
    devices: devices.split("\n").filter((path) => path),
    blockDevices: parseBlockDevices(block),
  };
}

/** Groups that jobs have noted, and that can't be there any more: what they were made in is gone. */
export async function readGoneGroups(): Promise<ReadonlySet<string>> {
  return new Set((await readFact("groups_gone")).split("\n"));
}

async function readFact(name: string): Promise<string> {
  try {
    return (await Deno.readTextFile(`${HOST_FACTS}/${name}`)).trimEnd();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Parses lines like `sda 8:0`; a path may have spaces. */
export function parseBlockDevices(text: string): Map<string, string> {
  const matches = text.matchAll(/^(.+) (\d+:\d+)$/gm);
  return new Map([...matches].map(([, name, numbers]) => [name, numbers]));
}
