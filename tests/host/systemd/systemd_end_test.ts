/**
 * How scopes of the real systemd begin and end when something is in the way: stub processes stand for VMs.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { startChild } from "../../../lib/process/child.ts";
import { shell } from "../../support/berth.ts";
import { HOSTILE_GROUPS } from "../../support/host/real_groups.ts";
import { awaitJoined, leftovers, MIB, startJoined, withDriver } from "../../support/host/scopes.ts";

Deno.test("a dead unit of the same name is forgotten, a living one is left alone", async () => {
  await withDriver(async (driver) => {
    const run = "systemd-run --scope --quiet --unit=berth-taken.scope --slice=berth.slice";
    await shell(`${run} -p RuntimeMaxSec=1 sleep 100 2>/dev/null || true`);
    assertEquals(await shell("systemctl is-failed berth-taken.scope"), "failed\n");
    {
      await using group = await driver.createGroup({ id: "taken", limits: { pidsMax: 7 } });
      assertEquals(await group.readLimits(), { pidsMax: 7 });
    }
    await using other = startChild({ command: "sh", args: ["-c", `exec ${run} sleep 1000`] });
    await shell("until systemctl is-active -q berth-taken.scope; do sleep 0.1; done");
    const error = await assertRejects(() => driver.createGroup({ id: "taken", limits: {} }), BerthError);
    assertEquals([error.code, error.message.includes("berth-taken.scope")], ["cgroup.unit", true]);
    assertEquals(other.ended, false);
    await other.stop();
    await shell("systemctl stop berth-taken.scope 2>/dev/null || true");
  });
});

for (const [what, prepare] of Object.entries(HOSTILE_GROUPS)) {
  Deno.test(`${what} is removed with its scope`, async () => {
    await withDriver(async (driver) => {
      const group = await driver.createGroup({ id: "hostile", limits: { pidsMax: 100 } });
      await using child = await prepare(group);
      await awaitJoined(group.path);
      await group[Symbol.asyncDispose]();
      assertEquals((await child.status).signal, "SIGKILL");
    });
  });
}

Deno.test("a scope that is frozen, or that somebody stops, is removed", async () => {
  await withDriver(async (driver) => {
    for (const act of ["systemctl freeze berth-odd.scope", "systemctl stop berth-odd.scope"]) {
      const group = await driver.createGroup({ id: "odd", limits: { pidsMax: 100 } });
      await using _child = await startJoined(group.path, "exec sleep 1000");
      await shell(act);
      await group[Symbol.asyncDispose]();
      assertEquals(await leftovers(), "", act);
    }
  });
});

Deno.test("the owner's death takes the scope and all that is in it", async () => {
  await withDriver(async () => {
    const script = new URL("./systemd_owner.ts", import.meta.url).pathname;
    const deno = ["deno", "run", "--no-prompt", "--no-check", "--cached-only", "-P=host-tests", script];
    const args = ["-c", 'exec "$@"', "sh", ...deno];
    const owner = new Deno.Command("sh", { args, stdout: "piped", stdin: "null" }).spawn();
    const reader = owner.stdout.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "berth-orphan.scope\n");
    await shell("until [ -e /results/orphan-is-up ]; do sleep 0.1; done");
    owner.kill("SIGKILL");
    await Promise.all([owner.status, reader.cancel()]);
    await shell(
      "for i in $(seq 300); do [ -d /sys/fs/cgroup/berth.slice/berth-orphan.scope ] || exit 0; sleep 0.1; done; exit 1",
    );
    assertEquals(await shell("pgrep -f '[o]rphan-is-up' || true"), "");
  });
});

Deno.test("many scopes at once", async () => {
  await withDriver(async (driver) => {
    await Promise.all(Array.from({ length: 8 }, async (_, index) => {
      const limits = { memoryMaxBytes: (16 + index) * MIB };
      await using group = await driver.createGroup({ id: `many-${index}`, limits });
      await using child = await startJoined(group.path, "exec sleep 1000");
      assertEquals(await group.readLimits(), limits);
      await group[Symbol.asyncDispose]();
      assertEquals((await child.status).success, false);
    }));
  });
});
