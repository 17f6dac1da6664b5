// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { type PlanInputs, planJob } from "../../../lib/job/plan.ts";
import { completeRequest, type PartialRequest } from "../../../lib/job/request/request.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MIB = 1024 ** 2;
const KVM = { accelerator: "kvm" as const, bootArgs: [], timeoutMs: 20_000 };
const TCG = { accelerator: "tcg" as const, bootArgs: ["tsc=reliable"], timeoutMs: 60_000 };

function plan(spec: PartialRequest = {}, inputs: Partial<PlanInputs> = {}) {
  return planJob({ ...LEAST_REQUEST, ...spec }, { ...LEAST_INPUTS, ...inputs });
}

function planWithImage(image: Partial<PlanInputs["image"]["spec"]>, spec: PartialRequest = {}) {
  return plan(spec, { image: { name: "ci", spec: { ...LEAST_INPUTS.image.spec, ...image } } });
}

Deno.test("planJob() is this plan for a job that asks for nothing", () => {
  assertEquals(plan(), {
    id: "0123456789ab",
    name: undefined,
    image: "default",
    token: "0123456789abcdefghjkmnpqrs",
    vm: {
      name: "0123456789ab",
      nonce: "n0123456789abcdefghjkmnpqr",
      accelerator: "kvm",
      memoryMiB: 512,
      vcpus: 1,
      kernel: "/store/k",
      initrd: "/store/i",
      bootArgs: [],
      disks: [],
      slots: 4,
      folder: "/run/berth/self/state/jobs/0123456789ab",
      identity: true,
      stdin: false,
      jail: { filter: "/run/berth/self/filter.bpf", user: 200_000 },
      devices: [],
      // For where there is no group.
      rlimits: { addressSpaceBytes: (512 * 14 + 128) * MIB, cpuSeconds: 3600, pidsMax: 256 },
    },
    boots: [KVM, KVM],
    exec: { argv: ["make", "test"], env: { PATH }, workdir: "/", hostname: "0123456789ab", user: "" },
    disks: [],
    artifacts: [],
    artifactOn: "success",
    limits: { memoryMaxBytes: (512 + 96) * MIB, pidsMax: 256, cpuQuotaPercent: 100 + 35 },
    memoryOverheadBytes: 96 * MIB,
    tenant: undefined,
    diskBytes: 16 * 1024 * MIB,
    minFreeBytes: 256 * MIB,
    timeoutMs: undefined,
    drain: undefined,
    cancelTimeoutMs: 10_000,
    start: "auto",
    bootTimeoutMs: 20_000,
    logLimitBytes: undefined,
  });
});

Deno.test("planJob() is this plan for a job that asks for everything", () => {
  const request = completeRequest({
    command: ["sh", "-c", "make"],
    env: { PATH: "/opt/bin", A: "1" },
    workdir: "/src",
    user: "ci:ci",
    stdin: true,
    name: "nightly",
    workspace: ".",
    artifacts: [{ guest: "/out", host: "o" }, { guest: "/report.txt", host: "r" }],
    artifactOn: "always",
    scratchBytes: 2048 * MIB,
    volumes: [{ path: "d", mountPoint: "/data", readOnly: true }],
    caches: [{ name: "npm", mountPoint: "/root/.npm", sizeBytes: 64 * MIB }],
    diskBytes: 64 * MIB,
    minFreeBytes: 0,
    memoryBytes: 1024 * MIB + 5,
    cpus: 4,
    pids: 300,
    ...{ swapBytes: 0, memoryHighBytes: 1100 * MIB, cpuWeight: 50, cpuset: "0-1" },
    timeoutMs: 60_000,
    bootTimeoutMs: 5000,
    drain: "sync",
    cancelTimeoutMs: 7000,
    logLimitBytes: 1024 ** 3,
    accel: "tcg",
    start: "clone",
    limits: "require",
    tenant: { name: "acme", pids: 1000 },
    devices: ["/dev/vfio/7:rw", "char-vfio"],
    jail: "off",
    uidRange: { first: 1, last: 2 },
  });
  const image = {
    name: "ci",
    spec: {
      ...LEAST_INPUTS.image.spec,
      storeDisk: "/store/root",
      bootArgs: " quiet  x=1 ",
      runnerConfig: { machine: "microvm" as const, cpu: "max", console: "hvc0" },
    },
  };
  const accelerator = { accelerator: "tcg", bootArgs: ["tsc=reliable"], note: "slow" } as const;
  const folder = "/run/berth/self/state/jobs/0123456789ab";
  assertEquals(planJob(request, { ...LEAST_INPUTS, image, accelerator, jail: undefined }), {
    id: "0123456789ab",
    name: "nightly",
    image: "ci",
    token: "0123456789abcdefghjkmnpqrs",
    vm: {
      name: "0123456789ab",
      nonce: "n0123456789abcdefghjkmnpqr",
      accelerator: "tcg",
      memoryMiB: 1024,
      vcpus: 4,
      kernel: "/store/k",
      initrd: "/store/i",
      bootArgs: ["tsc=reliable", "quiet", "x=1"],
      disks: [
        { serial: "root", role: "root", path: "/store/root", readOnly: true },
        { serial: "scratch", role: "scratch", path: `${folder}/scratch.ext4`, readOnly: false },
        { serial: "workspace", path: `${folder}/workspace.ext4`, readOnly: false },
        { serial: "volume0", path: "/run/berth/self/volumes/0", readOnly: true },
        { serial: "cache0", path: `${folder}/cache0.ext4`, readOnly: false },
      ],
      slots: 4,
      folder,
      identity: true,
      stdin: true,
      devices: ["/dev/vfio/7"],
      cpu: "max",
      console: "hvc0",
    },
    boots: Array(2).fill({ accelerator: "tcg", bootArgs: ["tsc=reliable", "quiet", "x=1"], timeoutMs: 5000 }),
    exec: {
      argv: ["sh", "-c", "make"],
      env: { PATH: "/opt/bin", A: "1" },
      workdir: "/src",
      hostname: "0123456789ab",
      user: "ci:ci",
    },
    disks: [
      { serial: "root", role: "root", path: "/store/root", readOnly: true },
      {
        serial: "scratch",
        role: "scratch",
        path: `${folder}/scratch.ext4`,
        readOnly: false,
        source: { kind: "new", sizeBytes: 2048 * MIB },
        mountPoint: undefined,
      },
      {
        serial: "workspace",
        path: `${folder}/workspace.ext4`,
        readOnly: false,
        source: { kind: "folder", from: "/run/berth/self/workspace" },
        mountPoint: "/workspace",
      },
      { serial: "volume0", path: "/run/berth/self/volumes/0", readOnly: true, mountPoint: "/data" },
      {
        serial: "cache0",
        path: `${folder}/cache0.ext4`,
        readOnly: false,
        source: { kind: "cache", name: "npm", sizeBytes: 64 * MIB },
        mountPoint: "/root/.npm",
      },
    ],
    artifacts: [
      { guest: "/out", folder: "/run/berth/self/artifacts/0" },
      { guest: "/report.txt", folder: "/run/berth/self/artifacts/1" },
    ],
    artifactOn: "always",
    limits: {
      memoryMaxBytes: (1024 + 96 + 128) * MIB,
      pidsMax: 300,
      cpuQuotaPercent: 400 + 35,
      swapMaxBytes: 0,
      memoryHighBytes: 1100 * MIB,
      cpuWeight: 50,
      cpus: "0-1",
    },
    memoryOverheadBytes: (96 + 128) * MIB,
    tenant: { name: "acme", limits: { pidsMax: 1000 } },
    diskBytes: 64 * MIB,
    minFreeBytes: 0,
    timeoutMs: 60_000,
    drain: { command: "sync", timeoutMs: 300_000 },
    cancelTimeoutMs: 7000,
    start: "clone",
    bootTimeoutMs: 5000,
    logLimitBytes: 1024 ** 3,
  });
});

Deno.test("planJob() starts a job in its workspace, unless it asks for another folder", () => {
  assertEquals(plan({ workspace: "." }).exec.workdir, "/workspace");
  assertEquals(plan({ workspace: ".", workdir: "/" }).exec.workdir, "/");
});

Deno.test("planJob() lets the job's memory and CPUs go before the image's", () => {
  const image = { memoryMiB: 2048, vcpus: 3 };
  assertEquals([planWithImage(image).vm.memoryMiB, planWithImage(image).vm.vcpus], [2048, 3]);
  const { vm, limits } = planWithImage(image, { memoryBytes: 256 * MIB, cpus: 1 });
  assertEquals([vm.memoryMiB, vm.vcpus, limits.memoryMaxBytes], [256, 1, (256 + 96) * MIB]);
});

Deno.test("planJob() caps the VM's CPU time unless the job says otherwise, and 0 is no cap", () => {
  const quotas = [{}, { cpuQuotaPercent: 250 }, { cpuQuotaPercent: 0 }].map((quota) =>
    plan({ cpus: 3, ...quota }).limits
  );
  assertEquals(quotas.map(({ cpuQuotaPercent }) => cpuQuotaPercent), [335, 250, undefined]);
  assertEquals(planWithImage({ vcpus: 2 }).limits.cpuQuotaPercent, 235);
});

Deno.test("planJob() gives an emulated guest more time to boot, and QEMU memory for its translations", () => {
  const { bootTimeoutMs, limits } = plan({}, { accelerator: { accelerator: "tcg", bootArgs: [] } });
  assertEquals([bootTimeoutMs, limits.memoryMaxBytes], [60_000, (512 + 96 + 128) * MIB]);
});

Deno.test("planJob() gives a guest on a KVM that is emulated itself as long to boot as an emulated one, unless it is told", () => {
  const boots = (choice: Partial<PlanInputs["accelerator"]>, spec: PartialRequest = {}) =>
    plan(spec, { accelerator: { accelerator: "kvm", bootArgs: [], isIndirect: true, ...choice } }).boots;
  const times = (tries: ReturnType<typeof boots>) =>
    tries.map(({ accelerator, timeoutMs }) => `${accelerator} ${timeoutMs}`);
  assertEquals(times(boots({})), ["kvm 60000", "kvm 60000"]);
  const tried = { trialMs: Infinity, fallback: { bootArgs: [] } };
  assertEquals(times(boots(tried)), ["kvm 60000", "kvm 60000", "tcg 60000"]);
  assertEquals(times(boots({}, { bootTimeoutMs: 5000 })), ["kvm 5000", "kvm 5000"]);
});

Deno.test("planJob() tries emulation after KVM where it may, at once when no kernel was seen to boot on KVM", () => {
  const fallback = { bootArgs: ["tsc=reliable"] };
  const boots = (choice: Partial<PlanInputs["accelerator"]>, spec: PartialRequest = {}) =>
    plan(spec, { accelerator: { accelerator: "kvm", bootArgs: [], ...choice } }).boots;
  assertEquals(boots({ fallback }), [KVM, KVM, TCG]);
  assertEquals(boots({ fallback, trialMs: 9000 }), [{ ...KVM, isTrial: true, timeoutMs: 9000 }, TCG, TCG]);
  const whole = { ...KVM, isTrial: true };
  assertEquals(boots({ fallback, trialMs: Infinity }), [whole, whole, TCG]);
  assertEquals(boots({ trialMs: 9000 }), [{ ...KVM, isTrial: true }, { ...KVM, isTrial: true }]);
  const short = { bootTimeoutMs: 3000 };
  assertEquals(boots({ fallback, trialMs: 9000 }, short).map(({ timeoutMs }) => timeoutMs), [3000, 3000, 3000]);
});

Deno.test("planJob() gives the group more room for the emulation that may follow KVM, and waits as long", () => {
  const accelerator = { accelerator: "kvm" as const, bootArgs: [], fallback: { bootArgs: [] } };
  const { bootTimeoutMs, limits, vm, emulated } = plan({}, { accelerator });
  assertEquals([vm.accelerator, bootTimeoutMs, limits.memoryMaxBytes], ["kvm", 60_000, (512 + 96) * MIB]);
  assertEquals(emulated, { memoryMaxBytes: (512 + 96 + 128) * MIB, memoryOverheadBytes: (96 + 128) * MIB });
});

Deno.test("planJob() slows no VM down before its guest has its memory", () => {
  assertEquals(plan({ memoryHighBytes: 512 * MIB }).limits.memoryHighBytes, 512 * MIB);
  const error = assertThrows(() => plan({ memoryHighBytes: 512 * MIB - 1 }), BerthError);
  assertEquals(error.code, "usage.value");
  // It may be a flag's, or a request's own.
  const name = "--memory-high (memoryHighBytes)";
  assertEquals(error.message, `${name}: 512 MiB is less than the guest's memory (512 MiB)`);
});

Deno.test("planJob() limits the VMM's process where nobody makes groups, and only if that will do", () => {
  assertEquals(plan({}).vm.rlimits, {
    addressSpaceBytes: 512 * MIB * 14 + 128 * MIB,
    cpuSeconds: 3600,
    pidsMax: 256,
  });
  const own = { jail: { filter: "/run/berth/self/filter.bpf" } };
  const long = plan({ timeoutMs: 7_200_000, cpus: 2 }, own).vm.rlimits!;
  assertEquals(long, { addressSpaceBytes: 512 * MIB * 14 + 256 * MIB, cpuSeconds: 21_600 });
  for (const limits of ["off", "require"] as const) {
    assertEquals(plan({ limits }).vm.rlimits, undefined);
  }
});
