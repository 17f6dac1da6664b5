// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { planJob } from "../../../lib/job/plan.ts";
import { type JobResult, planReport } from "../../../lib/job/report.ts";
import { LEAST_INPUTS, LEAST_SPEC } from "../../support/job_plan.ts";

const MIB = 1024 ** 2;
const PLAN = planJob(LEAST_SPEC, LEAST_INPUTS);
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

/** As it stands in the file. */
function written(result: Partial<JobResult>, name?: string): Record<string, unknown> {
  return JSON.parse(JSON.stringify(planReport({ ...PLAN, name }, { ...RESULT, ...result })));
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
    timings: { prepare: 1, total: 2 },
  });
  assertEquals([report.usage, report.timingsMs], [{}, { prepare: 1, total: 2 }]);
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
  assertEquals(planReport(plan, { ...RESULT, driver: "systemd", limits }).limits, {
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
  assertEquals(written({ driver: undefined, limits: {} }).limits, {
    memoryMaxBytes: { value: 608 * MIB, enforcedBy: "none" },
    pidsMax: { value: 256, enforcedBy: "none" },
    cpuQuotaPercent: { value: 135, enforcedBy: "none" },
  });
});

Deno.test("planReport() names the limits of last resort for what they are", () => {
  const plan = planJob(LEAST_SPEC, { ...LEAST_INPUTS, contained: false });
  assertEquals(planReport(plan, { ...RESULT, driver: undefined, limits: {} }).limits, {
    memoryMaxBytes: { value: 608 * MIB, enforcedBy: "none" },
    pidsMax: { value: 256, enforcedBy: "rlimit" },
    cpuQuotaPercent: { value: 135, enforcedBy: "none" },
    addressSpaceBytes: { value: (512 * 14 + 128) * MIB, enforcedBy: "rlimit" },
    cpuSeconds: { value: 3600, enforcedBy: "rlimit" },
  });
});
