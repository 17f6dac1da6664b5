/**
 * Faults of a VM's cgroup: the verdict is right, and no group is left.
 *
 * @module
 */

import { GROUP_CASES, groupPlace, PARENT } from "../faults/groups.ts";
import { tryFault } from "../faults/harness.ts";
import { withParent } from "../support/host_jobs.ts";

const place = await groupPlace("groups");

for (const one of GROUP_CASES) Deno.test(one.label, () => withParent(PARENT, () => tryFault(place, one)));
