/**
 * Faults of a VM's cgroup: the verdict is right, and no group is left.
 *
 * @module
 */

import { GROUP_CASES, groupPlace, PARENT } from "../faults/groups.ts";
import { testFaults, tryFault } from "../faults/harness.ts";
import { withParent } from "../support/host/host_jobs.ts";

testFaults(GROUP_CASES, () => groupPlace("groups"), (place, one) => withParent(PARENT, () => tryFault(place, one)));
