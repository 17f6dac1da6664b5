/**
 * What keeps tools that read a stranger's bytes: a user of the host that nobody else is, and a filter of system calls.
 *
 * A bug in a decoder is an ordinary thing. As the host's root, whoever uses one has root's keys and files, and all of the
 * kernel, though the jail shows him nothing.
 *
 * @module
 */

import type { JailPlan } from "./jail.ts";
import { type FilterOptions, planFilter } from "./seccomp.ts";

/**
 * System calls of a tool beside those of each. `nodes` is for one that gives files to all users: it stays who berth is,
 * to whom the folders belong that an archive only implies.
 */
export type ToolFilter = "plain" | "nodes" | "network";

const OPTIONS: Readonly<Record<ToolFilter, FilterOptions>> = {
  plain: {},
  nodes: { nodes: true },
  network: { network: true },
};

/** User and filters that all jails of a berth's tools have in common. */
export interface ToolJail {
  /** Who they are; absent where berth has no users to give. What they write belongs to this one. */
  readonly user?: number;
  /** The files that have the filters. */
  readonly filters: Readonly<Record<ToolFilter, string>>;
}

/** Writes the filters into a folder of berth's own. */
export async function writeFilters(folder: string): Promise<ToolJail["filters"]> {
  const pathOf = (name: ToolFilter) => `${folder}/tool-${name}.bpf`;
  for (const name of Object.keys(OPTIONS) as ToolFilter[]) {
    await Deno.writeFile(pathOf(name), planFilter(OPTIONS[name]));
  }
  return { plain: pathOf("plain"), nodes: pathOf("nodes"), network: pathOf("network") };
}

/** Options of one tool's jail. Pure. */
export function jailOptionsOf({ user, filters }: ToolJail, filter: ToolFilter): Pick<JailPlan, "user" | "filter"> {
  return { filter: filters[filter], ...(user === undefined || filter === "nodes" ? {} : { user }) };
}

/** Gives a file to the user who is to write it. */
export async function giveTo(path: string, jail: ToolJail | undefined): Promise<void> {
  if (jail?.user !== undefined) await Deno.chown(path, jail.user, jail.user);
}

/** Makes a folder that tools may write into. */
export async function makeToolFolder(path: string, jail: ToolJail | undefined): Promise<void> {
  await Deno.mkdir(path, { mode: 0o700 });
  await giveTo(path, jail);
}

/** Takes over a file that a tool has written: whoever is its user next is to have no part in it. */
export async function takeOver(path: string, jail: ToolJail | undefined): Promise<void> {
  if (jail?.user !== undefined) await Deno.chown(path, 0, 0);
}
