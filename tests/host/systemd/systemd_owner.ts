/**
 * An owner of a scope, for the test that kills it: says the unit's name, and goes on until then.
 *
 * @module
 */

import { DenoCgroupFs } from "../../../lib/cgroup/deno_cgroup_fs.ts";
import { openSystemdDriver } from "../../../lib/cgroup/systemd/driver.ts";
import { startIn, TREE } from "../../support/host/real_groups.ts";

const options = { slice: "berth.slice", prefix: "berth", hostSlice: "/sys/fs/cgroup/berth.slice" };
const driver = await openSystemdDriver(new DenoCgroupFs(`${TREE}/berth.slice`), options);
const group = await driver.createGroup({ id: "orphan", limits: { pidsMax: 50 } });
// Neither in a jail nor tied to its parent: only the scope's holder ends it.
startIn(group.path, 'trap "" TERM HUP; echo up >"$1"; while :; do sleep 1; done', "/results/orphan-is-up");
console.log(group.unit);
setInterval(() => {}, 1000);
