/**
 * Lives of jobs in this process in which something of the host's says no, or somebody takes too long.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { planReport } from "../../../lib/job/report.ts";
import type { Told } from "../../../lib/job/events.ts";
import { checkLife, type Life, live, type Lived, openDoor, type Scene } from "../../support/life.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import type { Play } from "../../support/vmm/fake_guest.ts";

const OK: Play = { prints: "a line\n", ends: "exited code 0 0" };
const RUNS_ON: Play = { prints: "a line\n" };

async function liveOnce(life: Life): Promise<Lived> {
  await using door = await openDoor();
  return await live(life, door);
}

/** What it came to: verdict, status, and what went wrong beside. */
function endOf({ result: { verdict, troubles } }: Lived): unknown[] {
  return [verdict.verdict, verdict.status, troubles];
}

/** The place of the first event of a kind that passes. */
function place(told: readonly Told[], passes: (event: Told) => boolean): number {
  const found = told.findIndex(passes);
  if (found < 0) throw new Error("there is no such event");
  return found;
}

Deno.test("runJob() ends a job whose group can't be made, before there is a VM", async () => {
  const lived = await liveOnce({
    play: OK,
    spec: { limits: "auto" },
    before: ({ tree }) => void tree.faults.refuse("EIO", { operation: "mkdir" }),
  });
  assertEquals(endOf(lived), ["infra", 125, []]);
  assertEquals([lived.scene.vmm.vms.length, lived.result.started], [0, false]);
  const limits = Object.values(planReport(lived.plan, lived.told).limits);
  assertEquals(limits.filter(({ enforcedBy }) => enforcedBy !== "none"), []);
  checkLife(lived, "no group");
});

Deno.test("runJob() tells of a group that can't be removed, and leaves its record for the next one", async () => {
  const lived = await liveOnce({
    play: OK,
    at: "removal",
    fault: ({ tree }) => void tree.faults.refuse("EIO", { operation: "rmdir" }),
  });
  const [verdict, status, troubles] = endOf(lived) as [string, number, string[]];
  assertEquals([verdict, status, troubles.length], ["succeeded", 0, 1]);
  assertStringIncludes(troubles[0], "cleaning up: ");
  const id = lived.scene.folder.split("/").at(-1);
  assertEquals(lived.left.toSorted(), [`${id}.cgroup`, `${id}.owner`, `vm-${id}`]);
});

Deno.test("runJob() boots its VM in its group, when the limits are in force", async () => {
  let limits: unknown[] = [];
  const lived = await liveOnce({
    play: OK,
    at: "launch",
    fault: async ({ tree, folder }) => {
      const group = `vm-${folder.split("/").at(-1)}`;
      limits = [await tree.read(`${group}/memory.max`), await tree.read(`${group}/pids.max`)];
    },
  });
  const id = lived.scene.folder.split("/").at(-1);
  assertEquals(lived.scene.vmm.vm?.plan.cgroup, `/fake/cgroup/vm-${id}`);
  assertEquals(limits, [String((512 + 96) * 1024 ** 2), "256"]);
  assertEquals([lived.result.driver, lived.result.cgroup], ["cgroupfs", `/fake/cgroup/vm-${id}`]);
  assertEquals(lived.result.limits.pidsMax, 256);
});

Deno.test("runJob() tells what the group has used and what its VM said before it tells the verdict", async () => {
  const { told } = await liveOnce({
    play: RUNS_ON,
    at: "started",
    fault: ({ vmm, folder }) => {
      Deno.writeTextFileSync(`${folder}/serial.log`, "the last words of the console", { append: true });
      vmm.vm?.end({ code: 134, words: "assertion failed" });
    },
  });
  const verdict = place(told, ({ kind }) => kind === "verdict");
  const [gone, removal] = ["gone", "removal"].map((name) =>
    place(told, (event) => event.kind === "point" && event.point === name)
  );
  const order = [
    place(told, ({ kind }) => kind === "started"),
    gone,
    place(told, (event) => event.kind === "output"),
    removal,
    place(told, ({ kind }) => kind === "limits" || kind === "usage"),
    verdict,
  ];
  assertEquals(order, order.toSorted((a, b) => a - b));
  const logs = told.flatMap((event) => event.kind === "log" ? [event.log] : []);
  assertEquals(logs, [
    { name: "serial.log", text: "the last words of the console" },
    { name: "vmm.log", text: "assertion failed" },
  ]);
});

Deno.test("runJob() asks the guest in this order, and sends it the signal that came", async () => {
  const { scene } = await liveOnce({ play: OK });
  assertEquals(scene.vmm.vm?.heard, ["exec", "exec", "collect"]);
  const told = await liveOnce({ play: RUNS_ON, at: "started", fault: ({ stop }) => stop.stop("SIGINT") });
  // One that ends by it gets no second one.
  assertEquals(told.scene.vmm.vm?.heard, ["exec", "signal 2", "exec", "collect"]);
  const late = await liveOnce({ play: RUNS_ON, spec: { timeoutMs: 20 } });
  assertEquals(late.scene.vmm.vm?.heard.slice(0, 2), ["exec", "signal 15"]);
});

Deno.test("runJob() does not time out what was lost before, though it is only seen later what became of it", async () => {
  const lived = await liveOnce({
    play: RUNS_ON,
    spec: { timeoutMs: 400 },
    at: "started",
    fault: async ({ vmm }) => {
      vmm.vm?.loseAgent();
      await new Promise((resolve) => setTimeout(resolve, 500));
      vmm.vm?.end({ code: 134, words: "assertion failed" });
    },
  });
  assertEquals(endOf(lived), ["vmm-crashed", 123, []]);
});

Deno.test("runJob() says how much it leaves out of what a guest causes without end", async () => {
  const { result: { evidence } } = await liveOnce({ play: OK, at: "qmp", fault: ({ vmm }) => vmm.vm?.flood(150) });
  const [last] = evidence.slice(-1);
  // The agent's words come after them.
  assertEquals([last.source, /^the guest caused 5\d entries more$/.test(last.what)], ["berth", true], last.what);
});

Deno.test("runJob() goes on where nobody can remember how it booted", async () => {
  const lived = await liveOnce({ play: OK, onBooted: () => Promise.reject(new Error("read-only")) });
  assertEquals(endOf(lived), ["succeeded", 0, ["how it booted is not remembered: read-only"]]);
});

Deno.test("runJob() makes no success of a job whose artifact is not there", async () => {
  const lived = await liveOnce({ play: { ...OK, collects: "missing 0\ncollected" } });
  assertEquals(endOf(lived), ["infra", 123, []]);
  assertStringIncludes(
    lived.result.verdict.reason,
    "the artifact /artifact: the job has ended, and there is no such file",
  );
  const failed = await liveOnce({ play: { ends: "exited code 3 0", collects: "missing 0\ncollected" } });
  assertEquals(endOf(failed).slice(0, 2), ["failed", 3]);
  assertEquals(failed.result.troubles.length, 1);
});

Deno.test("runJob() asks for no artifacts after an end that they are not wanted of, nor runs a hook that there is none of", async () => {
  const spec = { artifactOn: "failure", drain: undefined } as const;
  const { scene } = await liveOnce({ play: OK, spec });
  assertEquals(scene.vmm.vm?.heard, ["exec"]);
  const failed = await liveOnce({ play: { ends: "exited code 3 0" }, spec });
  assertEquals([failed.scene.vmm.vm?.heard, failed.artifact], [["exec", "collect"], "made by the job"]);
});

Deno.test("runJob() waits for a hook as long as it may take, and for a cancelled job no longer than that", async () => {
  const slow = await liveOnce({ play: { ...OK, hookRunsOn: true }, spec: { drainTimeoutMs: 50 } });
  assertEquals(endOf(slow), ["succeeded", 0, ["the drain failed: waited 50 ms for the drain"]]);
  assertEquals(slow.scene.vmm.vm?.heard, ["exec", "exec", "signal 15", "collect"]);
  const cancelled = await liveOnce({
    play: { ...OK, hookRunsOn: true },
    spec: { cancelTimeoutMs: 100 },
    at: "drain",
    fault: ({ stop }) => stop.stop("SIGTERM"),
  });
  assertEquals(endOf(cancelled).slice(0, 2), ["cancelled", 143]);
  assertEquals(cancelled.left, []);
});

Deno.test("runJob() tells of a job that can't be started, and that it has not", async () => {
  const refused = await liveOnce({ play: { refuses: "refused 127" }, spec: { artifacts: [], drain: undefined } });
  assertEquals([endOf(refused), refused.result.started], [["failed", 127, []], false]);
  const error = await liveOnce({ play: { refuses: `error ${btoa("user nobody: there is none")}` } });
  assertEquals([endOf(error), error.result.started, error.result.verdict.code], [
    ["infra", 125, []],
    false,
    "job.user",
  ]);
});

Deno.test("runJob() cuts a job's output where it may be no longer, and says so", async () => {
  const { stdout, result } = await liveOnce({ play: OK, spec: { logLimitBytes: 3 } });
  assertEquals([stdout, result.output[0].missingBytes, result.verdict.verdict], ["a l", 4, "succeeded"]);
});

Deno.test("runJob() ends, and says so, with a VM that the kernel does not end", async () => {
  const stuck = await liveOnce({
    play: RUNS_ON,
    at: "started",
    fault: ({ vmm }) => {
      vmm.vm?.stick();
      vmm.vm?.loseAgent();
    },
  });
  assertEquals(endOf(stuck).slice(0, 2), ["guest-lost", 123]);
  assertEquals((endOf(stuck)[2] as string[]).at(-1), "ending the VM: the kernel does not end it");
});

const noDisks = await programsMissing("mke2fs", "cp");
testNeeding(noDisks, "runJob() keeps a cache of a success when its VM is gone, and none of a failure", async () => {
  const spec = { caches: [{ name: "npm", mountPoint: "/c", sizeBytes: 8 * 1024 ** 2 }], drain: undefined };
  const kept = await liveOnce({ play: OK, spec });
  assertEquals([endOf(kept), kept.scene.vmm.vm?.heard], [["succeeded", 0, []], [
    "exec",
    "collect",
    "flush",
  ]]);
  assertEquals(kept.kept, ["cache-npm"]);
  const failed = await liveOnce({ play: { ends: "exited code 3 0" }, spec });
  assertEquals([failed.scene.vmm.vm?.heard, failed.kept], [["exec", "collect"], []]);
});

Deno.test("runJob() makes no success of a job whose output somebody did not wait for", async () => {
  const late = await liveOnce({
    play: OK,
    spec: { cancelTimeoutMs: 50 },
    before: ({ holdOutput }) => holdOutput(),
    at: "gone",
    fault: ({ stop }) => stop.stop("SIGTERM"),
  });
  assertEquals([endOf(late).slice(0, 2), late.result.output[0].missingBytes], [["cancelled", 143], 7]);
});

Deno.test("runJob() removes what dead jobs have left before it looks whether there is room", async () => {
  const lived = await liveOnce({
    play: OK,
    plan: (plan) => ({ ...plan, minFreeBytes: 2 ** 60 }),
    before: ({ folder }) => {
      const dead = folder.replace(/[^/]*$/, "deadaaaaaaaa");
      Deno.mkdirSync(dead);
      Deno.writeTextFileSync(`${dead}.owner`, '{"image":"default"}\n');
    },
  });
  assertEquals([lived.result.verdict.code, lived.left], ["host.disk-full", []]);
});

Deno.test("runJob() ends the VM at once for a second signal, whatever the job makes of the first", async () => {
  const lived = await liveOnce({
    play: { ...RUNS_ON, isDeaf: true },
    at: "started",
    fault: async ({ stop }) => {
      stop.stop("SIGINT");
      // Later than what may be the same signal by another way.
      await new Promise((resolve) => setTimeout(resolve, 250));
      stop.stop("SIGINT");
    },
  });
  assertEquals(endOf(lived).slice(0, 2), ["cancelled", 130]);
  // Nobody waits for the job's end any more, so nobody tells it to.
  assertEquals(lived.scene.vmm.vm!.heard, ["exec", "signal 2"]);
  checkLife(lived, "two signals and a job that is deaf");
});

Deno.test("runJob() makes room in the group for a guest that is emulated after all", async () => {
  const memory: string[] = [];
  const read = async ({ tree }: Scene) => {
    const [group] = await tree.children("");
    memory.push((await tree.read(`${group}/memory.max`)).trim());
  };
  const emulated = { memoryMaxBytes: 777 * 4096, memoryOverheadBytes: 4096 };
  const lived = await liveOnce({
    play: { ...OK, diesOnKvm: true },
    plan: (plan) => {
      const [first] = plan.boots;
      const boots = [{ ...first, accelerator: "kvm" as const }, { ...first, accelerator: "tcg" as const }];
      return { ...plan, vm: { ...plan.vm, accelerator: "kvm" }, boots, emulated };
    },
    at: "started",
    fault: read,
  });
  assertEquals(endOf(lived), ["succeeded", 0, []]);
  assertEquals([lived.result.accelerator, lived.result.attempts, memory], ["tcg", 2, [String(777 * 4096)]]);
  checkLife(lived, "emulated after all");
});

Deno.test("runJob() tells what was noted before it behind its first event", async () => {
  const { told } = await liveOnce({ play: OK, notes: ["no KVM", "no jail"] });
  assertEquals(told.slice(1, 3).map(({ atMs: _any, ...event }) => event), [
    { kind: "note", text: "no KVM", early: true },
    { kind: "note", text: "no jail", early: true },
  ]);
});
