/**
 * The systemd driver with the real systemd, without VMs: stub processes stand for them.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { DenoCgroupFs } from "../../../lib/cgroup/deno_cgroup_fs.ts";
import type { Limits } from "../../../lib/cgroup/limits.ts";
import { openSystemdDriver } from "../../../lib/cgroup/systemd/driver.ts";
import { allowDevice, denyDevice, readDevices } from "../../../lib/cgroup/systemd/scope.ts";
import { findSystemd } from "../../../lib/cgroup/systemd/systemctl.ts";
import { sweepSlices } from "../../../lib/cgroup/systemd/tenant_slices.ts";
import { shell } from "../../support/berth.ts";
import { startIn, TREE } from "../../support/host/real_groups.ts";
import { leftovers, MIB, OPTIONS, sayIn, startJoined, withDriver } from "../../support/host/scopes.ts";

Deno.test("a scope has every limit that was asked for, and a VMM is born in it", async () => {
  await withDriver(async (driver) => {
    const device = (await shell("cat /sys/block/nvme0n1/dev")).trim();
    const limits: Limits = {
      memoryMaxBytes: 128 * MIB,
      memoryHighBytes: 96 * MIB,
      swapMaxBytes: 0,
      pidsMax: 64,
      cpuQuotaPercent: 150,
      cpuWeight: 50,
      ioWeight: 200,
      ioMax: [{ device, rbps: 1048576, wiops: 100 }],
      cpus: "0-1",
      mems: "0",
    };
    assertEquals(driver.unenforceable(limits), []);
    assertEquals(driver.enforcesDevices, true);
    await using group = await driver.createGroup({ id: "all", limits });
    assertEquals([group.unit, group.hostPath], ["berth-all.scope", "/sys/fs/cgroup/berth.slice/berth-all.scope"]);
    assertEquals(await group.readLimits(), limits);
    assertEquals(
      await shell('cd "$1" && echo $(cat memory.max pids.max cpu.max)', group.hostPath),
      "134217728 64 150000 100000\n",
    );
    assertEquals(await sayIn(group.path, "cat /proc/self/cgroup"), "0::/berth.slice/berth-all.scope/vm");
    await group[Symbol.asyncDispose]();
    await group[Symbol.asyncDispose]();
  });
});

Deno.test("without a limit of processes there is none, not even systemd's own", async () => {
  await withDriver(async (driver) => {
    await using group = await driver.createGroup({ id: "free", limits: {} });
    assertEquals(await shell('cat "$1/pids.max"', group.hostPath), "max\n");
    await group[Symbol.asyncDispose]();
  });
});

Deno.test("a limit that systemd accepts and does not put in force is refused, and nothing stays", async () => {
  await withDriver(async (driver) => {
    const create = () => driver.createGroup({ id: "cpus", limits: { cpus: "0-7" } });
    const error = await assertRejects(create, BerthError, "cpuset.cpus should be 0-7");
    assertEquals(error.code, "host.limits");
    assertEquals(await leftovers(), "");
    const elsewhere = () => driver.createGroup({ id: "disk", limits: { ioMax: [{ device: "77:0", rbps: 1 }] } });
    await assertRejects(elsewhere, BerthError, "io.max should be 77:0 rbps=1");
  });
});

Deno.test("running out of memory is counted, and the scope survives it", async () => {
  await withDriver(async (driver) => {
    await using group = await driver.createGroup({ id: "oom", limits: { memoryMaxBytes: 64 * MIB, swapMaxBytes: 0 } });
    await using bystander = await startJoined(group.path, "exec sleep 1000");
    await using hog = await startIn(group.path, "exec stress-ng --vm 1 --vm-bytes 200M --vm-keep --oomable -t 60 -q");
    await hog.status;
    // The VM goes as a whole (but stress-ng's own first process, which is exempt by its oom_score_adj of -1000).
    assertEquals((await bystander.status).signal, "SIGKILL");
    const { oomKills = 0, oomGroupKills, ownOoms, memoryPeakBytes = 0 } = await group.readUsage();
    assert(oomKills >= 2 && memoryPeakBytes > 32 * MIB, `${oomKills} kills, peak ${memoryPeakBytes}`);
    assertEquals([oomGroupKills, ownOoms], [1, 1]);
    assertEquals(await shell("systemctl is-active berth-oom.scope"), "active\n");
    await group[Symbol.asyncDispose]();
  });
});

Deno.test("refused processes and throttling are counted", async () => {
  await withDriver(async (driver) => {
    await using group = await driver.createGroup({ id: "busy", limits: { pidsMax: 5, cpuQuotaPercent: 10 } });
    await using spinner = await startIn(group.path, "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done");
    assertEquals((await spinner.status).success, true);
    await using many = await startIn(group.path, "for i in 1 2 3 4 5 6; do sleep 1 & done; wait");
    assertEquals((await many.status).success, false);
    const { pidsLimitHits = 0, cpuThrottledPeriods = 0, cpuThrottledMs = 0, cpuMs = 0 } = await group.readUsage();
    assert(pidsLimitHits > 0 && cpuThrottledPeriods > 0 && cpuThrottledMs > 0 && cpuMs > 0);
    await group[Symbol.asyncDispose]();
  });
});

Deno.test("a device is denied, then allowed, then denied again", async () => {
  const devices = ["/dev/null", "/dev/zero"].map((node) => ({ node, access: "rwm" }));
  await withDriver(async (driver) => {
    const systemd = await findSystemd({});
    await using group = await driver.createGroup({ id: "devices", limits: {} });
    const opens = (node: string) => sayIn(group.path, `if (: <${node}) 2>/dev/null; then echo yes; else echo no; fi`);
    assertEquals([await opens("/dev/zero"), await opens("/dev/kvm")], ["yes", "no"]);
    await allowDevice(systemd, group.unit, { node: "/dev/kvm", access: "r" });
    assertEquals(await opens("/dev/kvm"), "yes");
    await allowDevice(systemd, group.unit, { node: "/dev/kvm", access: "w" });
    const list = (await readDevices(systemd, group.unit)).map(({ node, access }) => `${node} ${access}`).toSorted();
    assertEquals(list, ["/dev/kvm rw", "/dev/null rwm", "/dev/zero rwm"]);
    await denyDevice(systemd, group.unit, "/dev/kvm");
    assertEquals([await opens("/dev/zero"), await opens("/dev/kvm")], ["yes", "no"]);
    const error = await assertRejects(
      () => denyDevice(systemd, group.unit, "/dev/kvm"),
      BerthError,
      "/dev/kvm is not among",
    );
    assertStringIncludes(error.message, "/dev/zero");
    await group[Symbol.asyncDispose]();
  }, { devices });
});

Deno.test("a scope without a list of devices says so", async () => {
  await withDriver(async (driver) => {
    await using group = await driver.createGroup({ id: "any", limits: {} });
    const systemd = await findSystemd({});
    await assertRejects(() => readDevices(systemd, group.unit), BerthError, "are not limited (DevicePolicy=auto)");
    await group[Symbol.asyncDispose]();
  });
});

Deno.test("limits change while it runs: all or none", async () => {
  await withDriver(async (driver) => {
    await using group = await driver.createGroup({ id: "update", limits: { memoryMaxBytes: 256 * MIB, cpus: "0-1" } });
    await group.update({ memoryMaxBytes: 128 * MIB, pidsMax: 20, cpus: "1" });
    const limits = { memoryMaxBytes: 128 * MIB, pidsMax: 20, cpus: "1" };
    assertEquals(await group.readLimits(), limits);
    const error = await assertRejects(
      () => group.update({ memoryMaxBytes: 64 * MIB, cpuWeight: 7, cpus: "0-7" }),
      BerthError,
    );
    assertEquals(error.code, "host.limits");
    assertEquals(await group.readLimits(), limits);
    // `vm` and its memory.oom.group are still there, and so is what is below after a reload of systemd.
    await shell("systemctl daemon-reload");
    assertEquals(await shell('cat "$1/memory.oom.group"', group.path), "1\n");
    assertEquals(await group.readLimits(), limits);
    await group[Symbol.asyncDispose]();
  });
});

Deno.test("a limit below what the VM uses is refused", async () => {
  await withDriver(async (driver) => {
    await using group = await driver.createGroup({
      id: "full",
      limits: { memoryMaxBytes: 128 * MIB, swapMaxBytes: 0 },
    });
    await using child = await startIn(group.path, "exec stress-ng --vm 1 --vm-bytes 64M --vm-keep --vm-hang 0 -q");
    await shell('until [ "$(cat "$1/memory.current")" -gt 60000000 ]; do sleep 0.1; done', group.path);
    await assertRejects(() => group.update({ memoryMaxBytes: 32 * MIB }), BerthError, "the VM uses");
    assertEquals(child.ended, false);
    await group[Symbol.asyncDispose]();
    assertEquals((await child.status).success, false);
  });
});

Deno.test("a tenant's VMs share a slice, and its limits", async () => {
  await withDriver(async (driver) => {
    const tenant = { name: "ac-me", limits: { memoryMaxBytes: 100 * MIB, swapMaxBytes: 0 } };
    await using first = await driver.createGroup({ id: "one", tenant, limits: { pidsMax: 20 } });
    await using second = await driver.createGroup({ id: "two", tenant, limits: { memoryMaxBytes: 90 * MIB } });
    assertEquals(first.hostPath, "/sys/fs/cgroup/berth.slice/berth-ac\\x2dme.slice/berth-one.scope");
    assertEquals(await shell('cat "$1/../memory.max"', first.hostPath), `${100 * MIB}\n`);
    await using hog = await startIn(second.path, "exec stress-ng --vm 1 --vm-bytes 70M --vm-keep --vm-hang 0 -q");
    await shell('until [ "$(cat "$1/memory.current")" -gt 70000000 ]; do sleep 0.1; done', second.path);
    // Within its own limits, of which it has none, the first can't have what the second already uses.
    await using more = await startIn(
      first.path,
      "exec stress-ng --vm 1 --vm-bytes 70M --vm-keep --vm-hang 0 --oomable -q",
    );
    const usage = async () => [(await first.readUsage()).oomKills ?? 0, (await second.readUsage()).oomKills ?? 0];
    await Promise.race([hog.status, more.status]);
    const [one, two] = await usage();
    assert(one + two > 0);
    assertEquals([(await first.readUsage()).ownOoms, (await second.readUsage()).ownOoms], [0, 0]);
    await Promise.all([first, second].map((group) => group[Symbol.asyncDispose]()));
    await Promise.all([hog.status, more.status]);
  });
});

Deno.test("a tenant's slice goes with its last VM, however many come and go at once", async () => {
  await withDriver(async (driver) => {
    const place = "/sys/fs/cgroup/berth.slice/berth-busy.slice";
    // Each of them is just starting where another one may be the last to go.
    await Promise.all(Array.from({ length: 4 }, async (_, lane) => {
      for (let turn = 0; turn < 6; turn++) {
        const tenant = { name: "busy", limits: { pidsMax: 100 } };
        await using group = await driver.createGroup({ id: `busy-${lane}-${turn}`, tenant, limits: { pidsMax: 20 } });
        await using child = await startJoined(group.path, "exec sleep 1000");
        assertEquals([child.ended, await shell('cat "$1/pids.max"', place)], [false, "100\n"]);
      }
    }));
    assertEquals(await shell("systemctl is-active berth-busy.slice || true"), "inactive\n");
  });
});

Deno.test("nobody but its owner can take the lock of a tenant's slice", async () => {
  await withDriver(async (driver) => {
    const tenant = { name: "locked", limits: {} };
    await using group = await driver.createGroup({ id: "locked", tenant, limits: { pidsMax: 20 } });
    const lock = "/sys/fs/cgroup/berth.slice/berth-locked.slice/cgroup.kill";
    const tried = 'setpriv --reuid=65534 --regid=65534 --clear-groups flock -n "$1" true 2>&1 || true';
    assertStringIncludes(await shell(tried, lock), "Permission denied");
    // Root can, and finds it shared.
    assertEquals(await shell('exec 3>"$1"; flock -n -x 3 && echo taken || echo shared', lock), "shared\n");
    await group[Symbol.asyncDispose]();
  });
});

Deno.test("sweepSlices() stops a tenant's empty slice, and leaves one in use alone", async () => {
  await withDriver(async (driver) => {
    const tenant = { name: "used", limits: {} };
    await using used = await driver.createGroup({ id: "used", tenant, limits: { pidsMax: 20 } });
    await shell("systemctl start berth-empty.slice");
    const fs = new DenoCgroupFs(`${TREE}/berth.slice`);
    assertEquals(await sweepSlices(await findSystemd({}), fs, "berth.slice"), ["berth-empty.slice"]);
    assertEquals(await shell("systemctl is-active berth-empty.slice berth-used.slice || true"), "inactive\nactive\n");
    await used[Symbol.asyncDispose]();
  });
});

Deno.test("a window that is not on the slice, and a slice that can't be, are refused", async () => {
  const open = (tree: string, slice: string) => openSystemdDriver(new DenoCgroupFs(tree), { ...OPTIONS, slice });
  const error = await assertRejects(
    () => open(`${TREE}/system.slice`, "berth.slice"),
    BerthError,
    "no scope in berth.slice",
  );
  assertEquals(error.code, "cgroup.systemd");
  await assertRejects(() => open(`${TREE}/berth.slice`, "berth--x.slice"), BerthError, "berth--x.slice failed to load");
});

Deno.test("a user's manager makes scopes too", async () => {
  const runtime = "/run/berth-user-manager";
  await shell(
    `mkdir -m 0700 -p "$1"
     systemd-run --quiet --unit=user-manager -p Delegate=yes -p Type=notify --setenv=XDG_RUNTIME_DIR="$1" /lib/systemd/systemd --user
     XDG_RUNTIME_DIR="$1" systemctl --user start berth.slice`,
    runtime,
  );
  const slice = "system.slice/user-manager.service/berth.slice";
  const options = { ...OPTIONS, user: true, env: { XDG_RUNTIME_DIR: runtime }, hostSlice: `/sys/fs/cgroup/${slice}` };
  await using driver = await openSystemdDriver(new DenoCgroupFs(`${TREE}/${slice}`), options);
  const limits = { memoryMaxBytes: 32 * MIB, pidsMax: 9 };
  {
    await using group = await driver.createGroup({ id: "user", limits });
    await group.update({ pidsMax: 8 });
    assertEquals(await group.readLimits(), { ...limits, pidsMax: 8 });
    assertStringIncludes(await sayIn(group.path, "cat /proc/self/cgroup"), `${slice}/berth-user.scope/vm`);
  }
  assertEquals(await shell('find "$1" -mindepth 1 -type d', options.hostSlice), "");
  await shell("systemctl stop user-manager");
});
