/**
 * berth's own part of the cgroup v2 tree: found through its window, prepared, and given back.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { describeError } from "../base/errors.ts";
import { CGROUP, HOST_FACTS } from "../host/windows.ts";
import { createGroup, type Group, type GroupLimits } from "./group.ts";

const CONTROLLERS = ["memory", "pids"] as const;
const SUPERVISOR = "supervisor";

/** A subtree in which VMs get groups of their own. */
export interface Subtree extends AsyncDisposable {
  createGroup(name: string, limits: GroupLimits): Promise<Group>;
}

/** A subtree, or the reason why there is none. */
export type SubtreeResult = { readonly subtree: Subtree } | { readonly reason: string };

/**
 * Makes the own group a parent of VMs.
 *
 * Processes and controllers can't both be in an inner group (the kernel's "no internal processes" rule), so berth's own
 * two processes move into a leaf. Other processes are left alone: a group that has some was not given to berth.
 */
export async function openSubtree(): Promise<SubtreeResult> {
  const available = await readControllers();
  if (typeof available === "string") return { reason: available };
  const missing = CONTROLLERS.filter((name) => !available.includes(name));
  if (missing.length) return { reason: `its cgroup has no ${missing.join(" and no ")} controller` };
  const leaf = join(CGROUP, SUPERVISOR);
  try {
    await Deno.mkdir(leaf, { recursive: true });
    await moveSelf(leaf);
    await writeFile(join(CGROUP, "cgroup.subtree_control"), CONTROLLERS.map((name) => `+${name}`).join(" "));
    return { subtree: new OwnSubtree(leaf) };
  } catch (error) {
    await giveBack(leaf);
    return { reason: `its cgroup is not delegated to it (${describeError(error)})` };
  }
}

/** The controllers of the own group, or why there are none. */
async function readControllers(): Promise<string[] | string> {
  try {
    return (await Deno.readTextFile(join(CGROUP, "cgroup.controllers"))).trim().split(" ");
  } catch {
    const mounted = (await Deno.readTextFile(`${HOST_FACTS}/cgroup2`)).trim();
    return mounted ? "its cgroup can't be read" : "the host has no cgroup v2 mounted";
  }
}

/** The ids of this process and of the front process that waits for it. */
async function ownPids(): Promise<string[]> {
  return (await Deno.readTextFile(`${HOST_FACTS}/pids`)).trim().split(" ");
}

async function moveSelf(group: string): Promise<void> {
  const members = (await Deno.readTextFile(join(CGROUP, "cgroup.procs"))).split("\n");
  for (const pid of await ownPids()) {
    if (members.includes(pid)) await writeFile(join(group, "cgroup.procs"), pid);
  }
}

/** Undoes it: a group without controllers may hold processes again. */
async function giveBack(leaf: string): Promise<void> {
  // Another berth in the same group still needs the controllers; the last one gives them back.
  const pids = await ownPids();
  const members = (await Deno.readTextFile(join(leaf, "cgroup.procs")).catch(() => "")).split("\n");
  if (members.some((pid) => pid && !pids.includes(pid))) return;
  const disable = CONTROLLERS.map((name) => `-${name}`).join(" ");
  await writeFile(join(CGROUP, "cgroup.subtree_control"), disable).catch(() => {});
  for (const pid of pids) await writeFile(join(CGROUP, "cgroup.procs"), pid).catch(() => {});
  await Deno.remove(leaf).catch(() => {});
}

/** One value, one write, and never a new file. */
async function writeFile(path: string, value: string): Promise<void> {
  await Deno.writeTextFile(path, value, { create: false });
}

class OwnSubtree implements Subtree {
  readonly #leaf: string;

  constructor(leaf: string) {
    this.#leaf = leaf;
  }

  async createGroup(name: string, limits: GroupLimits): Promise<Group> {
    return await createGroup(join(CGROUP, name), limits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await giveBack(this.#leaf);
  }
}
