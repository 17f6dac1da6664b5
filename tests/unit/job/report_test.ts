// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { planJob } from "../../../lib/job/plan.ts";
import type { Told } from "../../../lib/job/events.ts";
import { planReport } from "../../../lib/job/report.ts";
import type { JobResult, Timings } from "../../../lib/job/summary.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";

const MIB = 1024 ** 2;
const PLAN = planJob(LEAST_REQUEST, LEAST_INPUTS);
const RESULT: JobResult = {
  verdict: { verdict: "failed", status: 3, exitCode: 3, reason: "the job exited with status 3" },
  started: true,
  attempts: 2,
  driver: "cgroupfs",
  limits: { memoryMaxBytes: 608 * MIB, pidsMax: 300 },
  timings: { prepare: 1, boot: 2, run: 3, cleanup: 4, total: 10 },
  usage: { cpuMs: 5, memoryPeakBytes: 6, cpuThrottledPeriods: 0, oomKills: 7 },
  evidence: [{ atMs: 9, source: "agent", what: "exited with status 3" }],
  output: [{ bytes: 10, missingBytes: 0 }, { bytes: 0, missingBytes: 0 }],
  logs: [{ name: "serial.log", text: "boo" }],
  troubles: ["the drain failed"],
};

/** The events of a job that went so. */
function toldOf(result: JobResult): Told[] {
  const { attempts: attempt, accelerator = "kvm", driver, cgroup, unit, limits, usage, timings } = result;
  const { prepare = 0, boot = 0, run = 0, cleanup = 0, total } = timings;
  const ends = { prepare, boot: prepare + boot, run: prepare + boot + run, cleanup: total! };
  const phases = (["prepare", "boot", "run", "cleanup"] as const).filter((phase) => timings[phase] !== undefined);
  return [
    ...phases.map((phase): Told => ({ kind: "phase", phase, atMs: ends[phase] })),
    { kind: "phase", phase: "cleanup", atMs: total! },
    { kind: "point", point: "removal", atMs: total! - cleanup },
    { kind: "attempt", attempt, accelerator, atMs: 0 },
    // At the start there were other limits.
    ...(driver ? [{ kind: "group", driver, cgroup: cgroup!, unit, limits: { pidsMax: 1 }, atMs: 1 } as const] : []),
    { kind: "limits", limits, atMs: 1 },
    ...(usage ? [{ kind: "usage", usage, atMs: 1 } as const] : []),
    { kind: "started", started: !result.started, atMs: 1 },
    { kind: "started", started: result.started, atMs: 2 },
    ...result.evidence.map((one): Told => ({ kind: "seen", ...one })),
    ...result.output.map((delivery, index): Told => {
      return { kind: "output", stream: index ? "stderr" : "stdout", delivery, atMs: 3 };
    }),
    ...result.logs.map((log): Told => ({ kind: "log", log, atMs: 3 })),
    ...result.troubles.map((text): Told => ({ kind: "trouble", text, atMs: 3 })),
    { kind: "verdict", verdict: result.verdict, atMs: 4 },
  ];
}

/** As it stands in the file. */
function written(result: Partial<JobResult>, name?: string): Record<string, unknown> {
  return JSON.parse(JSON.stringify(planReport({ ...PLAN, name }, toldOf({ ...RESULT, ...result }))));
}

Deno.test("planReport() is this report", () => {
  assertEquals(written({}, "nightly"), {
    id: "0123456789ab",
    name: "nightly",
    verdict: "failed",
    exitCode: 3,
    signal: null,
    reason: "the job exited with status 3",
    started: true,
    accel: "kvm",
    image: "default",
    attempts: 2,
    limits: {
      memoryMaxBytes: { value: 608 * MIB, enforcedBy: "cgroup" },
      pidsMax: { value: 300, enforcedBy: "cgroup" },
      cpuQuotaPercent: { value: 135, enforcedBy: "none" },
    },
    timingsMs: { prepare: 1, boot: 2, run: 3, cleanup: 4, total: 10 },
    usage: { cpuMs: 5, memoryPeakBytes: 6, cpuThrottledPeriods: 0, oomKills: 7 },
    evidence: [{ atMs: 9, source: "agent", what: "exited with status 3" }],
    troubles: ["the drain failed"],
  });
});

Deno.test("planReport() leaves out what is not known, and makes no 0 of it", () => {
  const report = written({
    usage: { cpuMs: undefined, memoryPeakBytes: undefined },
    timings: { prepare: 1, cleanup: 1, total: 2 },
  });
  assertEquals([report.usage, report.timingsMs], [{}, { prepare: 1, cleanup: 1, total: 2 }]);
  assert(!("name" in report));
  assertEquals(written({ usage: undefined }).usage, {});
});

Deno.test("planReport() has the streams that are not whole, and no others", () => {
  const [whole, cut, lost] = [[10, 0], [10, 5], [0, 7]].map(([bytes, missingBytes]) => ({ bytes, missingBytes }));
  assertEquals(written({ output: [whole, cut] }).log, { stderr: cut });
  assertEquals(written({ output: [cut, whole] }).log, { stdout: cut });
  assertEquals(written({ output: [lost, cut] }).log, { stdout: lost, stderr: cut });
  for (const output of [[whole, whole], []]) assert(!("log" in written({ output })));
});

Deno.test("planReport() says how the guest was run in the end, and how it was to be where it came to no boot", () => {
  assertEquals([PLAN.vm.accelerator, written({ accelerator: "tcg" }).accel], ["kvm", "tcg"]);
  const told = toldOf(RESULT).filter(({ kind }) => kind !== "attempt");
  const { accel, attempts } = planReport({ ...PLAN, vm: { ...PLAN.vm, accelerator: "tcg" } }, told);
  assertEquals([accel, attempts], ["tcg", 0]);
});

/** As it stands in the file when these events come, too. */
function writtenWith(...events: Told[]): Record<string, unknown> {
  return JSON.parse(JSON.stringify(planReport(PLAN, [...events, ...toldOf(RESULT)])));
}

Deno.test("planReport() says how the guest came to be, and why it was booted although a clone was wanted", () => {
  const startOf = (...events: Told[]) => {
    const { start, startNote } = writtenWith(...events);
    return [start, startNote];
  };
  assertEquals(startOf({ kind: "start", start: "clone", atMs: 1 }), ["clone", undefined]);
  assertEquals(startOf({ kind: "start", start: "cold", atMs: 1 }), ["cold", undefined]);
  assertEquals(startOf({ kind: "start", start: "cold", why: "no template yet", atMs: 1 }), ["cold", "no template yet"]);
  const none = writtenWith();
  assert(!("start" in none) && !("startNote" in none));
});

Deno.test("planReport() has of a boot the time of the last restore, from its VMM's start, and none where there was none", () => {
  const launchAt = (atMs: number): Told => ({ kind: "point", point: "launch", atMs });
  const restoredAt = (atMs: number): Told => ({ kind: "phase", phase: "restore", atMs });
  const restore = (...events: Told[]) => (writtenWith(...events).timingsMs as Timings).restore;
  assertEquals(restore(launchAt(1), restoredAt(3)), 2);
  // Another VMM was started before, and a third one after it.
  assertEquals(restore(launchAt(1), restoredAt(31), launchAt(40), restoredAt(100), launchAt(200)), 60);
  assertEquals(restore(launchAt(2), restoredAt(2)), 0);
  assertEquals(restore(launchAt(2)), undefined);
  assertEquals(writtenWith(launchAt(1), restoredAt(3)).timingsMs, { ...RESULT.timings, restore: 2 });
});

Deno.test("planReport() keeps a 0 that was counted", () => {
  assertEquals(written({ usage: { cpuMs: 0, memoryPeakBytes: 0 } }).usage, { cpuMs: 0, memoryPeakBytes: 0 });
});

Deno.test("planReport() tells a death by signal from an exit", () => {
  const verdict = { verdict: "oom-guest", status: 137, signal: 9, reason: "x" } as const;
  const { exitCode, signal } = written({ verdict });
  assertEquals([exitCode, signal], [null, 9]);
});

Deno.test("planReport() has what was in force at the end, and who enforced it", () => {
  const plan = { ...PLAN, limits: { ...PLAN.limits, ioWeight: 50 } };
  const limits = { memoryMaxBytes: 700 * MIB, pidsMax: 256, cpuQuotaPercent: 50 };
  assertEquals(planReport(plan, toldOf({ ...RESULT, driver: "systemd", limits })).limits, {
    memoryMaxBytes: { value: 700 * MIB, enforcedBy: "systemd" },
    pidsMax: { value: 256, enforcedBy: "systemd" },
    cpuQuotaPercent: { value: 50, enforcedBy: "systemd" },
    ioWeight: { value: 50, enforcedBy: "none" },
  });
});

Deno.test("planReport() names the group, and the unit that it was; neither where there was none", () => {
  const named = written({ cgroup: "/sys/fs/cgroup/ci/vm-nightly-0123456789ab", unit: "berth-x.scope" });
  assertEquals([named.cgroup, named.unit], ["/sys/fs/cgroup/ci/vm-nightly-0123456789ab", "berth-x.scope"]);
  assert(!("cgroup" in written({})) && !("unit" in written({})));
});

Deno.test("planReport() says that nobody enforces limits where nobody does", () => {
  const plan = planJob({ ...LEAST_REQUEST, limits: "off" }, LEAST_INPUTS);
  assertEquals(planReport(plan, toldOf({ ...RESULT, driver: undefined, limits: {} })).limits, {
    memoryMaxBytes: { value: 608 * MIB, enforcedBy: "none" },
    pidsMax: { value: 256, enforcedBy: "none" },
    cpuQuotaPercent: { value: 135, enforcedBy: "none" },
  });
});

Deno.test("planReport() names the limits of last resort for what they are", () => {
  const plan = planJob(LEAST_REQUEST, LEAST_INPUTS);
  assertEquals(planReport(plan, toldOf({ ...RESULT, driver: undefined, limits: {} })).limits, {
    memoryMaxBytes: { value: 608 * MIB, enforcedBy: "none" },
    pidsMax: { value: 256, enforcedBy: "rlimit" },
    cpuQuotaPercent: { value: 135, enforcedBy: "none" },
    addressSpaceBytes: { value: (512 * 14 + 128) * MIB, enforcedBy: "rlimit" },
    cpuSeconds: { value: 3600, enforcedBy: "rlimit" },
  });
});
