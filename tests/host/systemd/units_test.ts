/**
 * Units that systemd has delegated, and units that it has not.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { leftovers, shell } from "../../support/berth.ts";
import {
  assertRefuses,
  CGROUPS,
  enforcersIn,
  inScope,
  inService,
  lookingInto,
  runJob,
  SCOPE,
  SERVICE,
} from "../../support/host/host_parents.ts";

const UNDELEGATED = { "scope": inScope(), "service": inService() };

for (const [kind, wrapper] of Object.entries(UNDELEGATED)) {
  Deno.test(`a ${kind} without Delegate is refused by cgroupfs, and named`, async () => {
    const words = `berth runs in berth-test.${kind}, which systemd has not delegated`;
    await assertRefuses("cgroup.undelegated", words, { wrapper, flags: ["--cgroup-driver", "cgroupfs"] });
  });
}

Deno.test("a scope without Delegate: auto has systemd make a scope for the VM", async () => {
  const wrapper = inScope();
  const { code, stdout, stderr, report } = await runJob("auto", { wrapper }, "echo", "ran");
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertEquals(enforcersIn(report), { memoryMaxBytes: "systemd", pidsMax: "systemd", cpuQuotaPercent: "systemd" });
  assertEquals(await shell("systemctl list-units --all --plain --no-legend 'berth-*.scope' 'berth-*.service'"), "");
  assertEquals(await leftovers(), []);
});

Deno.test("a service with Delegate=yes: several berths in it, the first of which makes the leaf", async () => {
  // Each berth that comes later finds its caller in the leaf, where the first one has moved it.
  const script = `"$@" & "$@"; second=$?; wait $!; first=$?; "$@"; echo "$first $second $?"; cat /proc/self/cgroup
    cd ${SERVICE}; ls -d */; cat supervisor/memory.min cgroup.subtree_control`;
  const wrapper = [...inService("Delegate=yes"), "sh", "-c", script, "sh"];
  const { code, stdout, stderr, report } = await runJob("require", { wrapper }, "echo", "ran");
  assertEquals([code, stdout.split("\n")], [0, [
    ...["ran", "ran", "ran", "0 0 0"],
    "0::/system.slice/berth-test.service/supervisor",
    ...["supervisor/", "134217728", "cpuset cpu io memory pids", ""],
  ]], stderr);
  assertEquals(enforcersIn(report), { memoryMaxBytes: "cgroup", pidsMax: "cgroup", cpuQuotaPercent: "cgroup" });
  assertEquals(await leftovers(), []);
});

Deno.test("the root of a cgroup namespace is emptied into a leaf too, and limits are in force", async () => {
  const namespace = `umount -l /run/test-host/cgroup; umount -l ${CGROUPS}; mount -t cgroup2 none ${CGROUPS}
    [ "$(cat /proc/self/cgroup)" = 0::/ ] && ! echo +memory 2>/dev/null >${CGROUPS}/cgroup.subtree_control
    "$@"; status=$?; cat /proc/self/cgroup; exit $status`;
  const wrapper = [...inScope("Delegate=yes"), "unshare", "--cgroup", "--mount", "sh", "-c", namespace, "sh"];
  const call = { wrapper: [...lookingInto(SCOPE), ...wrapper], flags: ["--pids", "111"] };
  const { code, stdout, stderr, report } = await runJob("require", call, "echo", "ran");
  assertEquals([code, stdout.split("\n")], [0, ["111", "ran", "0::/supervisor", ""]], stderr);
  assertEquals(enforcersIn(report), { memoryMaxBytes: "cgroup", pidsMax: "cgroup", cpuQuotaPercent: "cgroup" });
});
