// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { CgroupFsError } from "../../../lib/cgroup/cgroup_fs.ts";
import { openCgroupfs } from "../../../lib/cgroup/cgroupfs.ts";
import { findLacking, sweepEmpty, sweepProbes } from "../../../lib/cgroup/probe.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

const NOW = 1_700_000_000_000;
const ID = "0123456789ab";

Deno.test("sweepProbes() removes groups that a killed berth has tried, and no other", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const old = [`berth-probe-${NOW - 5001}-${ID}`, `berth-probe-1-${ID}`];
  const others = [`berth-probe-${NOW - 5000}-${ID}`, `berth-probe-1-${ID}x`, `probe-${ID}`, "vm-a", "tenant-a", "mine"];
  for (const name of [...old, ...others]) await fs.mkdir(name);
  // Somebody has taken it for his own.
  fs.spawn(old[1]);
  assertEquals(await sweepProbes(fs, NOW), [old[0]]);
  assertEquals(await fs.children(""), [old[1], ...others]);
});

Deno.test("sweepEmpty() removes tenants' groups in which nothing is, and a berth that is about to use one makes it again", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const driver = await openCgroupfs(fs, "/ci");
  for (const path of ["tenant-a", "tenant-b", "tenant-b/vm-x", "other"]) await fs.mkdir(path);
  assertEquals(await sweepEmpty(fs), ["tenant-a"]);
  assertEquals(await fs.children(""), ["tenant-b", "other"]);
  fs.faults.after({ operation: "mkdir", path: "tenant-c" }, () => sweepEmpty(fs).then(() => {}), 1);
  const request = { id: "y", tenant: { name: "c", limits: {} }, limits: {} };
  await using group = await driver.createGroup(request);
  assertEquals(group.hostPath, "/ci/tenant-c/vm-y");
});

Deno.test("openCgroupfs() removes the groups that killed berths have tried", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  await fs.mkdir(`berth-probe-1-${ID}`);
  await openCgroupfs(fs, "/sys/fs/cgroup/ci");
  assertEquals(await fs.children(""), []);
});

Deno.test("findLacking() tries again when its group is swept under it, and takes nothing for lacking then", async () => {
  for (const file of ["cgroup.kill", "memory.max"]) {
    const fs = new FakeCgroupFs({ top: "group" });
    await openCgroupfs(fs);
    const operation = file === "cgroup.kill" ? "mkdir" : "write";
    const sweep = () => sweepProbes(fs, Date.now() + 60_000).then(() => {});
    fs.faults.after({ operation }, sweep, 2);
    assertEquals([await findLacking(fs, "/ci"), await fs.children("")], [[], []]);
    fs.faults.after({ operation }, sweep);
    await assertRejects(() => findLacking(fs, "/ci"), BerthError, "somebody else removes the groups");
  }
});

Deno.test("findLacking() does not mind when its group is swept at the last moment", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  await openCgroupfs(fs);
  const sweep = ({ path }: { path: string }) => fs.rmdir(path.split("/")[0]);
  fs.faults.after({ operation: "read", path: /^berth-probe-.*\/cgroup.events$/ }, sweep, 1);
  assertEquals([await findLacking(fs, "/ci"), await fs.children("")], [[], []]);
});

Deno.test("findLacking() says what went wrong first, not that its group could not be removed then", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  await openCgroupfs(fs);
  fs.faults.refuse("EIO", { operation: "write", path: /cgroup.kill$/ });
  fs.faults.refuse("EBUSY", { operation: "rmdir" });
  const error = await assertRejects(() => findLacking(fs, "/ci"), CgroupFsError);
  assertEquals([error.operation, error.errno], ["write", "EIO"]);
});
