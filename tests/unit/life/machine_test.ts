/**
 * Machines in this process that do more than run one job.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { randomToken } from "../../../lib/base/ids.ts";
import { openCgroupfs } from "../../../lib/cgroup/cgroupfs.ts";
import { CacheStore } from "../../../lib/disk/cache.ts";
import { planJob } from "../../../lib/job/plan.ts";
import { createMachine } from "../../../lib/machine/create_machine.ts";
import type { MachineEvent } from "../../../lib/machine/events.ts";
import type { Exec } from "../../../lib/machine/exec.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";
import { openDoor } from "../../support/life.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { FakeVmm } from "../../support/vmm/fake_vmm.ts";

const hear = (exec: Exec) => within(exec.next(), 5000, "the agent's words");

Deno.test("createMachine() makes one that runs commands at once, tells what its group uses, and leaves nothing", async () => {
  await using door = await openDoor();
  await using home = await temporaryFolder();
  await using vmm = new FakeVmm(door.socket, { prints: "main\n" });
  const tree = new FakeCgroupFs({ top: "group" });
  await using driver = await openCgroupfs(tree);
  const { jail: _none, ...inputs } = LEAST_INPUTS;
  const jobs = `${home.path}/jobs`;
  await Deno.mkdir(jobs);
  const planned = planJob(LEAST_REQUEST, { ...inputs, vmm, jobs, id: "many00000000", token: randomToken() });
  const plan = { ...planned, vm: { ...planned.vm, lanes: 3 } };
  const told: MachineEvent[] = [];
  {
    await using machine = await createMachine(plan, {
      ...{ hub: door.hub, vmm, driver, unenforceable: [] },
      host: { readBootId: () => Promise.resolve("boot"), readGoneGroups: () => Promise.resolve(new Set<string>()) },
      caches: new CacheStore(`${home.path}/caches`),
      stop: new AbortController().signal,
      kill: new AbortController().signal,
      tell: (event) => void told.push(event),
      onBooted: () => Promise.resolve(),
    });
    const execs = [0, 1, 2].map(() => machine.exec(plan.exec));
    for (const exec of execs) assertEquals((await hear(exec)).kind, "started");
    const printed = await Promise.all(execs.map(({ stdout }) => Deno.readTextFile(stdout.path)));
    assertEquals(printed, ["main\n", "lane 1\n", "lane 2\n"]);
    const [group] = await tree.children("");
    tree.setContent(`${group}/cpu.stat`, "usage_usec 7000\n");
    assertEquals((await machine.usage())?.cpuMs, 7);
    await execs[1].signal(15);
    assertEquals(await hear(execs[1]), { kind: "exited", signal: 15, oomKills: 0 });
    // It begins behind what ran there before.
    assertEquals(machine.exec(plan.exec).stdout.from, "lane 1\n".length);
    // Whoever comes second waits as long, and everything is told once.
    const points = () => told.flatMap((event) => event.kind === "point" ? [event.point] : []);
    const ends = [machine.end(), machine[Symbol.asyncDispose](), machine.end(), machine[Symbol.asyncDispose]()];
    await Promise.race(ends);
    assertEquals([vmm.vm!.isDisposed, points().at(-1)], [true, "gone"]);
    await Promise.all(ends);
    assertEquals(points().slice(-2), ["gone", "removal"]);
  }
  assertEquals(told.filter(({ kind }) => kind === "trouble"), []);
  assertEquals(await tree.children(""), []);
  assertEquals(
    (await Array.fromAsync(Deno.readDir(jobs))).map(({ name }) => name).filter((name) => name !== ".lock"),
    [],
  );
});
