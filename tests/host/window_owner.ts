/**
 * What runs in a hardened unit, for a test: makes a group with limits through its window, and a process in it.
 *
 * @module
 */

import { openCgroupfs } from "../../lib/cgroup/cgroupfs.ts";
import { DenoCgroupFs } from "../../lib/cgroup/deno_cgroup_fs.ts";
import { startIn } from "../support/host/real_groups.ts";

const [window] = Deno.args;
await using driver = await openCgroupfs(new DenoCgroupFs(window));
const group = await driver.createGroup({ id: "hardened", limits: { memoryMaxBytes: 64 * 1024 ** 2, pidsMax: 7 } });
const child = await startIn(group.path, "exec sleep 1000");
const members = (await Deno.readTextFile(`${group.path}/cgroup.procs`)).trim().split("\n").length;
const limits = await group.readLimits();
await group[Symbol.asyncDispose]();
const { signal } = await child.status;
const left = Array.from(Deno.readDirSync(window)).filter((entry) => entry.isDirectory).map(({ name }) => name);
console.log(JSON.stringify({ limits, members, signal, left }));
