/**
 * A user without any privilege, with a part of the tree from systemd and without one.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { leftovers, shell } from "../support/berth.ts";
import {
  assertDegrades,
  assertRefuses,
  asUser,
  CGROUPS,
  enforcersIn,
  HOME,
  inService,
  makeUser,
  runJob,
  UID,
} from "../support/host/host_parents.ts";

/** In a scope that the user's own manager makes. */
function inUserScope(...properties: string[]): string[] {
  return [...asUser(), "systemd-run", "--user", "--scope", "--quiet", ...properties.flatMap((one) => ["-p", one])];
}

/** Starts the user's own manager, as a log-in does. */
async function startManager(): Promise<void> {
  await makeUser();
  // The test host has no libpam-systemd, which would tell the manager its folder.
  await shell(
    `mkdir -p "/run/systemd/system/user@$1.service.d"
     printf '[Service]\\nEnvironment=XDG_RUNTIME_DIR=/run/user/%s\\n' "$1" >"/run/systemd/system/user@$1.service.d/test.conf"
     systemctl daemon-reload
     systemctl start "user@$1.service"`,
    UID,
  );
}

await startManager();

Deno.test("a user in a delegated scope of the user's own manager has limits", async () => {
  // What the user can't make, because no berth of root's has: then /run is covered, and still shows what is in it.
  await shell("rmdir /run/berth 2>/dev/null || true");
  const workspace = `/run/user/${UID}/work`;
  await shell('mkdir -p "$1" && echo ran >"$1/file" && chown -R "$2" "$1"', workspace, UID);
  const call = { wrapper: inUserScope("Delegate=yes"), folder: HOME, flags: ["--workspace", workspace] };
  const { code, stdout, stderr, report } = await runJob("require", call, "cat", "/workspace/file");
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertEquals(await shell("ls -d /run/berth 2>/dev/null || true"), "");
  assertEquals(enforcersIn(report), { memoryMaxBytes: "cgroup", pidsMax: "cgroup", cpuQuotaPercent: "cgroup" });
  assertEquals([report.accel, (report.usage?.memoryPeakBytes ?? 0) > 0], ["kvm", true]);
  assertEquals(await leftovers(`${HOME}/state`), []);
});

Deno.test("what the user's manager was not given is refused, or left out and said", async () => {
  // systemd 252 gives users' managers cpu, memory and pids.
  const controllers = await shell(`cat ${CGROUPS}/user.slice/user-${UID}.slice/user@${UID}.service/cgroup.controllers`);
  assertEquals(controllers, "cpu memory pids\n");
  const call = { wrapper: inUserScope("Delegate=yes"), folder: HOME, flags: ["--cpuset", "0", "--cpu-quota", "90"] };
  await assertRefuses("cgroup.controller", "not enforced: cpuset.cpus: ", call);
  const { code, stdout, stderr, report } = await runJob("auto", call, "echo", "ran");
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertStringIncludes(stderr, "berth: not enforced: cpuset.cpus: ");
  const { cpus, ...rest } = enforcersIn(report);
  assertEquals([cpus, rest], ["none", { memoryMaxBytes: "cgroup", pidsMax: "cgroup", cpuQuotaPercent: "cgroup" }]);
});

Deno.test("a user in a scope that was not delegated: require refuses, auto degrades openly", async () => {
  const call = { wrapper: inUserScope(), folder: HOME };
  const words = "which systemd has not delegated";
  await assertRefuses("cgroup.undelegated", words, call);
  await assertDegrades(words, call);
  assertEquals(await leftovers(`${HOME}/state`), []);
});

Deno.test("a service of the system that runs as a user and is delegated has limits", async () => {
  const service = inService("Delegate=yes", `User=${UID}`);
  const wrapper = [...service, "env", `HOME=${HOME}`, `BERTH_STATE=${HOME}/state`];
  const { code, stdout, stderr, report } = await runJob("require", { wrapper, folder: HOME }, "echo", "ran");
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertEquals(enforcersIn(report), { memoryMaxBytes: "cgroup", pidsMax: "cgroup", cpuQuotaPercent: "cgroup" });
});
