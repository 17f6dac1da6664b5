// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { type CgroupFs, CgroupFsError } from "../../../../lib/cgroup/cgroup_fs.ts";
import { parseProbe } from "../../../../lib/cgroup/systemd/driver.ts";
import { readScopeUsage, scopeProperties } from "../../../../lib/cgroup/systemd/scope.ts";
import { Systemd } from "../../../../lib/cgroup/systemd/systemctl.ts";

Deno.test("scopeProperties() delegates the scope, limits it, and allows it these devices only", () => {
  const limits = { memoryMaxBytes: 1048576, pidsMax: 10 };
  assertEquals(scopeProperties({ limits, devices: [{ node: "/dev/kvm", access: "rw" }] }), [
    ...["Delegate=yes", "TimeoutStopSec=5s"],
    ...["MemoryMax=1048576", "TasksMax=10", "DevicePolicy=strict", "DeviceAllow=/dev/kvm rw"],
  ]);
});

Deno.test("scopeProperties() takes systemd's own limit of tasks off, and leaves devices alone", () => {
  assertEquals(scopeProperties({ limits: {} }), [
    ...["Delegate=yes", "TimeoutStopSec=5s", "TasksMax=infinity"],
  ]);
});

Deno.test("scopeArguments() are these for the system's manager, and for a user's of a newer systemd", () => {
  const common = [
    "--scope",
    "--quiet",
    "--no-ask-password",
    "--collect",
    "--unit=u.scope",
    "--slice=s.slice",
    "--description=u.scope of berth",
  ];
  const properties = ["MemoryMax=1", "DeviceAllow=/dev/kvm rwm"];
  const flags = ["-p", "MemoryMax=1", "-p", "DeviceAllow=/dev/kvm rwm", "--"];
  assertEquals(new Systemd(252, {}).scopeArguments("u.scope", "s.slice", properties), [...common, ...flags]);
  assertEquals(new Systemd(257, { user: true }).scopeArguments("u.scope", "s.slice", properties), [
    ...["--user", ...common, "--expand-environment=no", ...flags],
  ]);
});

Deno.test("parseProbe() tells what scopes have here", () => {
  assertEquals(parseProbe("cpu memory\ncgroup.procs memory.max\nshut\n"), {
    controllers: ["cpu", "memory"],
    files: ["cgroup.procs", "memory.max"],
    enforcesDevices: true,
  });
  assertEquals(parseProbe("\ncgroup.procs\nopen\n"), {
    controllers: [""],
    files: ["cgroup.procs"],
    enforcesDevices: false,
  });
});

/** A tree that can only be read. */
function readOnlyTree(files: Record<string, string>): CgroupFs {
  const no = () => Promise.reject(new Error("not in this test"));
  return {
    root: "/tree",
    read: (path) =>
      path in files ? Promise.resolve(files[path]) : Promise.reject(new CgroupFsError("read", path, "ENOENT")),
    ...{ write: no, mkdir: no, rmdir: no, children: no, join: no },
    watch: () => {
      throw new Error("not in this test");
    },
  };
}

/** Seen on Linux 6.1 with systemd 252: an OOM at the scope's limit, a refused fork, and some throttling. */
const SEEN = {
  "s/memory.events": "high 7\nmax 129\noom 1\noom_kill 3\noom_group_kill 1",
  "s/memory.events.local": "high 7\nmax 129\noom 1\noom_kill 0\noom_group_kill 0",
  "s/memory.peak": "67108864",
  "s/pids.events": "max 0",
  "s/cpu.stat": "usage_usec 3256677\nnr_throttled 73\nthrottled_usec 6457658",
  "s/vm/memory.events": "high 0\nmax 0\noom 0\noom_kill 3\noom_group_kill 1",
  "s/vm/memory.events.local": "high 0\nmax 0\noom 0\noom_kill 3\noom_group_kill 1",
  "s/vm/memory.peak": "66953216",
  "s/vm/pids.events": "max 1",
  "s/vm/cpu.stat": "usage_usec 2761103\nnr_throttled 0\nthrottled_usec 0",
};

Deno.test("readScopeUsage() takes from each group what is counted there", async () => {
  const usage = await readScopeUsage(readOnlyTree(SEEN), "s");
  assertEquals(JSON.parse(JSON.stringify(usage)), {
    ...{ oomKills: 3, oomGroupKills: 1, ownOoms: 1, memoryHighEvents: 7, memoryPeakBytes: 66953216 },
    ...{ pidsLimitHits: 1, cpuMs: 2761, cpuThrottledPeriods: 73, cpuThrottledMs: 6458 },
  });
});

Deno.test("readScopeUsage() counts pids where newer kernels do, and does not invent numbers", async () => {
  const newer = { "s/pids.events": "max 4", "s/vm/pids.events": "max 0" };
  assertEquals((await readScopeUsage(readOnlyTree(newer), "s")).pidsLimitHits, 4);
  const none = await readScopeUsage(readOnlyTree({}), "s");
  assertEquals(Object.values(none).filter((value) => value !== undefined), []);
  const broken = { ...readOnlyTree({}), read: () => Promise.reject(new CgroupFsError("read", "x", "EIO")) };
  await assertRejects(() => readScopeUsage(broken, "s"), CgroupFsError);
});
