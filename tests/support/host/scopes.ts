/**
 * Scopes of the real systemd, for tests in the test host.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { DenoCgroupFs } from "../../../lib/cgroup/deno_cgroup_fs.ts";
import {
  openSystemdDriver,
  type SystemdDriver,
  type SystemdDriverOptions,
} from "../../../lib/cgroup/systemd/driver.ts";
import type { Child } from "../../../lib/process/child.ts";
import { planLaunch } from "../../../lib/process/launch.ts";
import { runTool } from "../../../lib/process/tool.ts";
import { shell } from "../berth.ts";
import { startIn, TREE } from "./real_groups.ts";

export const MIB = 1024 ** 2;
export const OPTIONS = { slice: "berth.slice", prefix: "berth", hostSlice: "/sys/fs/cgroup/berth.slice" };

/** Units, groups and processes that are there and should not be. */
export async function leftovers(): Promise<string> {
  return await shell(`
    systemctl list-units --all --plain --no-legend 'berth-*.scope'
    find /sys/fs/cgroup/berth.slice -mindepth 1 -type d
    for process in /proc/[0-9]*; do
      if tr '\\0' ' ' <$process/cmdline 2>/dev/null | grep -q ' [b]erth-holder '; then echo "$process: a holder"; fi
    done
    ls /run/systemd/transient | grep '^berth-' || true`);
}

/** Runs a test with a driver, after which nothing may be left. */
export async function withDriver(
  use: (driver: SystemdDriver) => Promise<void>,
  options: Partial<SystemdDriverOptions> = {},
): Promise<void> {
  await shell("systemctl start berth.slice");
  await using driver = await openSystemdDriver(new DenoCgroupFs(`${TREE}/berth.slice`), { ...OPTIONS, ...options });
  await use(driver);
  assertEquals(await leftovers(), "");
}

/** What a shell says that is born in a group as a VMM is. */
export async function sayIn(group: string, script: string): Promise<string> {
  return (await runTool(planLaunch({ cgroup: group, argv: ["sh", "-c", script] }))).trim();
}

/** Waits until a group has a process. */
export async function awaitJoined(group: string): Promise<void> {
  await shell('until grep -q "populated 1" "$1/cgroup.events"; do sleep 0.05; done', group);
}

/** Starts a shell script that is in a group when this returns. */
export async function startJoined(group: string, script: string): Promise<Child> {
  const child = await startIn(group, script);
  await awaitJoined(group);
  return child;
}
