/**
 * What a {@linkcode CgroupFs} promises, and what the kernel's tree does: one suite, for the fake and for a real tree.
 *
 * @module
 */

import { joinPath } from "../../lib/cgroup/cgroup_fs.ts";
import type { CgroupHarness, ContractTest } from "./cgroup_fs_context.ts";
import { testEvents } from "./cgroup_fs_events.ts";
import { testGroups } from "./cgroup_fs_groups.ts";
import { testProcesses } from "./cgroup_fs_processes.ts";
import { testValues } from "./cgroup_fs_values.ts";

export { assertRefused, type CgroupHarness, type ContractProcess, untilEvent } from "./cgroup_fs_context.ts";

/** Registers the suite for a backend. */
export function cgroupFsContract(name: string, open: () => Promise<CgroupHarness>): void {
  const test: ContractTest = (what, fn) =>
    Deno.test(`${name}: ${what}`, async () => {
      await using harness = await open();
      const { fs, group, device } = harness;
      const at = (...parts: string[]) => joinPath(group, ...parts);
      await fn({ fs, group, device, at, spawn: (path) => harness.spawn(path) });
    });
  testGroups(test);
  testValues(test);
  testProcesses(test);
  testEvents(test);
}
