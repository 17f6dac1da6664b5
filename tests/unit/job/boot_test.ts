// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { Hub } from "../../../lib/guest/hub.ts";
import { boot, type BootResult } from "../../../lib/job/boot.ts";
import { EvidenceLog } from "../../../lib/job/evidence.ts";
import { type BootTry, planJob } from "../../../lib/job/plan.ts";
import { StopRequest } from "../../../lib/job/stop.ts";
import { QmpHub } from "../../../lib/vmm/qemu/qmp.ts";
import type { VmExit, VmPlan } from "../../../lib/vmm/vmm.ts";
import { IdleVm } from "../../support/vmm/idle_vm.ts";
import { LEAST_INPUTS, LEAST_SPEC } from "../../support/job_plan.ts";
import { Caller, socketPath } from "../../support/socket.ts";

/** What a guest does: says hello, hangs, or ends so. */
type Play = "hello" | "hang" | VmExit;

interface Seen {
  readonly result: BootResult;
  /** How the VMs were run, in order, with the words for their kernels. */
  readonly ran: (readonly [accelerator: string, args: string])[];
  readonly notes: string[];
  readonly evidence: string[];
  readonly attempts: number;
  /** How often room was made for emulation. */
  readonly rooms: number;
}

/** Boots VMs that do what `plays` says, in turn. */
async function bootAll(
  choice: Partial<typeof LEAST_INPUTS["accelerator"]>,
  plays: readonly Play[],
  emergency = new AbortController().signal,
): Promise<Seen> {
  await using stack = new AsyncDisposableStack();
  const [agentSocket, qmpSocket] = [stack.use(await socketPath("hub")), stack.use(await socketPath("qmp"))];
  const [hub, qmpHub] = [stack.use(Hub.listen(agentSocket.path)), stack.use(QmpHub.listen(qmpSocket.path))];
  const plan = planJob(LEAST_SPEC, {
    ...LEAST_INPUTS,
    accelerator: { ...LEAST_INPUTS.accelerator, ...choice },
  });
  const [ran, notes, log]: [Seen["ran"], string[], EvidenceLog] = [[], [], new EvidenceLog()];
  const callers: Promise<Caller>[] = [];
  let [attempts, rooms] = [0, 0];
  const bootVm = (vm: VmPlan) => {
    const play = plays[ran.length];
    ran.push([vm.accelerator, vm.bootArgs.join(" ")]);
    const idle = new IdleVm();
    if (play === "hello") callers.push(sayHello(agentSocket.path, vm.token));
    else if (play !== "hang") idle.end(play);
    return idle;
  };
  const result = await within(
    boot(plan.vm, {
      ...{
        hub,
        qmpHub,
        bootVm,
        emergency,
        stop: new StopRequest(),
        tries: plan.boots.map(shorten(plays)),
        evidence: log,
      },
      onAttempt: (attempt) => attempts = attempt,
      onEmulated: () => Promise.resolve(void rooms++),
      onRetry: (text) => notes.push(text),
      ...{ onPoint: () => {}, onWords: () => {} },
    }),
    9000,
    "the boots",
  );
  if ("session" in result) result.session[Symbol.dispose]();
  for (const caller of await Promise.all(callers)) caller[Symbol.dispose]();
  return { result, ran, notes, evidence: log.list().map(({ what }) => what), attempts, rooms };
}

async function sayHello(path: string, token: string): Promise<Caller> {
  const caller = await Caller.dial(path);
  await caller.send(`hello ${token} agent\n`);
  return caller;
}

/** One that hangs is not waited for in a test; one that says hello has time for it. */
function shorten(plays: readonly Play[]): (way: BootTry, index: number) => BootTry {
  return (way, index) => ({ ...way, timeoutMs: plays[index] === "hang" ? 50 : 5000 });
}

const FALLBACK = { fallback: { bootArgs: ["tsc=reliable"] } };
const TRIAL = { ...FALLBACK, trialMs: 200 };
const BROKEN: VmExit = { code: 134, words: "failed to set MSR 0x10a" };
const GONE: VmExit = { code: 1, words: "Could not access KVM kernel module: No such device" };
const NO_JAIL: VmExit = { code: 1, words: "bwrap: No permissions to create new namespace" };
const KILLED: VmExit = { code: 137, words: "" };
const PANICKED: VmExit = { code: 0, words: "", reason: "guest-panic" };
const EMULATED = ["tcg", "tsc=reliable"] as const;
const ON_KVM = ["kvm", ""] as const;

const GOES_ON: [what: string, choice: typeof TRIAL | typeof FALLBACK, plays: Play[], ran: Seen["ran"]][] = [
  ["a kernel that hangs on a KVM it never booted on", TRIAL, ["hang", "hello"], [ON_KVM, EMULATED]],
  ["a VMM that dies at once", TRIAL, [BROKEN, "hello"], [ON_KVM, EMULATED]],
  ["a guest that ends at once", TRIAL, [PANICKED, "hello"], [ON_KVM, EMULATED]],
  ["a KVM that went away since a kernel booted on it", FALLBACK, [BROKEN, "hello"], [ON_KVM, EMULATED]],
  ["a KVM that hangs twice since", FALLBACK, ["hang", "hang", "hello"], [ON_KVM, ON_KVM, EMULATED]],
  ["an emulated boot that hangs, too", TRIAL, ["hang", "hang", "hello"], [ON_KVM, EMULATED, EMULATED]],
];
for (const [what, choice, plays, expected] of GOES_ON) {
  Deno.test(`boot() emulates the guest after ${what}, and says so`, async () => {
    const { result, ran, notes, evidence, attempts, rooms } = await bootAll(choice, plays);
    assertEquals([ran, attempts, rooms], [expected, plays.length, 1]);
    if ("end" in result) throw new Error(JSON.stringify(result.end));
    assertEquals(result.booted.accelerator, "tcg");
    const said = notes.filter((note) => note.endsWith("; going on with emulation (TCG), which is slow"));
    assertEquals(said, [`on KVM ${result.booted.kvmProblem}; going on with emulation (TCG), which is slow`]);
    assertEquals(evidence.filter((text) => text.startsWith("KVM did not boot the guest")).length, 1);
  });
}

Deno.test("boot() says of a guest that KVM has booted that it did", async () => {
  const { result, ran, notes } = await bootAll(TRIAL, ["hello"]);
  assertEquals([ran, notes], [[ON_KVM], []]);
  if ("end" in result) throw new Error(JSON.stringify(result.end));
  assertEquals([result.booted.accelerator, result.booted.kvmProblem], ["kvm", undefined]);
});

Deno.test("boot() does not take for KVM's fault what somebody else has ended", async () => {
  const killed = await bootAll(TRIAL, [KILLED]);
  assertEquals([killed.ran.length, killed.result], [1, {
    end: { kind: "boot-failed", reason: "QEMU ended with status 137: it said nothing" },
  }]);
  const full = await bootAll(TRIAL, [BROKEN], AbortSignal.abort(new Error("the disk is full")));
  assertEquals(full.ran, [ON_KVM]);
});

Deno.test("boot() blames the image when emulation does not boot it either", async () => {
  const { result, ran } = await bootAll(TRIAL, [PANICKED, PANICKED]);
  assertEquals([ran, "end" in result && result.end.kind], [[ON_KVM, EMULATED], "boot-failed"]);
});

Deno.test("boot() does not blame a KVM that is asked for for what a jail or QEMU says of anything else", async () => {
  const ends = [await bootAll({ trialMs: 200 }, [NO_JAIL]), await bootAll({}, [NO_JAIL]), await bootAll({}, [BROKEN])];
  assertEquals(ends.map(({ result }) => "end" in result && result.end.kind), Array(3).fill("boot-failed"));
});

const REFUSALS: [what: string, choice: { trialMs?: number }, plays: Play[], words: string][] = [
  [
    "no kernel",
    { trialMs: 200 },
    ["hang", "hang"],
    "a small guest ran on /dev/kvm, but this kernel did not: the guest",
  ],
  ["a VMM that dies", { trialMs: 200 }, [BROKEN], "but this kernel did not: QEMU ended with status 134: failed to set"],
  ["a VMM that dies since", {}, [GONE], "a kernel booted on it before, and now: QEMU ended with status 1: Could not"],
];
for (const [what, choice, plays, words] of REFUSALS) {
  Deno.test(`boot() refuses a KVM that is asked for and runs ${what}`, async () => {
    const { result, ran } = await bootAll(choice, plays);
    assertEquals(ran, plays.map(() => ON_KVM));
    if (!("end" in result) || result.end.kind !== "infra") throw new Error(JSON.stringify(result));
    assertStringIncludes(result.end.reason, "KVM does not work on this host: ");
    assertStringIncludes(result.end.reason, words);
    assertStringIncludes(result.end.hint!, "--accel auto");
  });
}
