// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { within } from "../../../lib/base/deadline.ts";
import { Hub } from "../../../lib/guest/hub.ts";
import { boot, type BootedVm } from "../../../lib/machine/boot.ts";
import { BootFailedError } from "../../../lib/machine/boot_failure.ts";
import { linkByToken } from "../../../lib/guest/link.ts";
import { EventLog } from "../../../lib/job/events.ts";
import { readFacts } from "../../../lib/job/summary.ts";
import type { BootTry } from "../../../lib/machine/plan.ts";
import { planJob } from "../../../lib/job/plan.ts";
import type { QemuEnd } from "../../../lib/vmm/qemu/exit.ts";
import type { VmPlan } from "../../../lib/vmm/vmm.ts";
import { IdleVm } from "../../support/vmm/idle_vm.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";
import { Caller, socketPath } from "../../support/socket.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** What a guest does: says hello, hangs, or ends so. */
type Play = "hello" | "hang" | QemuEnd;

interface Seen {
  /** A VM that has booted, or what came of all attempts. */
  readonly result: BootedVm | { readonly error: Error };
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
  kill = new AbortController().signal,
): Promise<Seen> {
  await using stack = new AsyncDisposableStack();
  const agentSocket = stack.use(await socketPath("hub"));
  const hub = stack.use(Hub.listen(agentSocket.path));
  const folder = stack.use(await temporaryFolder());
  const plan = planJob(LEAST_REQUEST, {
    ...LEAST_INPUTS,
    accelerator: { ...LEAST_INPUTS.accelerator, ...choice },
  });
  const [ran, log]: [Seen["ran"], EventLog] = [[], new EventLog()];
  const callers: Promise<Caller>[] = [];
  let rooms = 0;
  const bootVm = (vm: VmPlan) => {
    const play = plays[ran.length];
    ran.push([vm.accelerator, vm.bootArgs.join(" ")]);
    const idle = new IdleVm();
    if (play === "hello") callers.push(sayHello(agentSocket.path, vm.nonce, plan.token));
    else if (play !== "hang") idle.end(play);
    return idle;
  };
  const booting = boot(plan.vm, {
    link: linkByToken(hub, plan.token, NO_STREAMS),
    vmm: { title: "QEMU", boot: bootVm },
    kill,
    identity: { token: plan.token, serials: [] },
    identityFile: stack.use(await Deno.open(`${folder.path}/identity`, { write: true, create: true })),
    stop: new AbortController().signal,
    tries: plan.boots.map(shorten(plays)),
    tell: log.tell,
    onEmulated: () => Promise.resolve(void rooms++),
    onWords: () => {},
  });
  const result = await within(booting.catch((error: Error) => ({ error })), 9000, "the boots");
  if ("session" in result) result.session[Symbol.dispose]();
  for (const caller of await Promise.all(callers)) caller[Symbol.dispose]();
  const { attempts, evidence } = readFacts(log.list());
  const notes = log.list().flatMap((event) => event.kind === "note" ? [event.text] : []);
  return { result, ran, notes, evidence: evidence.map(({ what }) => what), attempts, rooms };
}

/** Nothing is read of a boot. */
const NO_STREAMS = {} as Parameters<typeof linkByToken>[2];

async function sayHello(path: string, nonce: string, token: string): Promise<Caller> {
  const caller = await Caller.dial(path);
  await caller.send(`ready ${nonce}\n`);
  assertEquals(await caller.line(), `who ${nonce}`);
  await caller.send(`hello ${token} agent\n`);
  return caller;
}

/** One that hangs is not waited for in a test; one that says hello has time for it. */
function shorten(plays: readonly Play[]): (way: BootTry, index: number) => BootTry {
  return (way, index) => ({ ...way, timeoutMs: plays[index] === "hang" ? 50 : 5000 });
}

const FALLBACK = { fallback: { bootArgs: ["tsc=reliable"] } };
const TRIAL = { ...FALLBACK, trialMs: 200 };
const BROKEN = { code: 134, words: "failed to set MSR 0x10a" };
const GONE = { code: 1, words: "Could not access KVM kernel module: No such device" };
const BROKE = { code: 1, words: "KVM internal error. Suberror: 1\nits registers" };
const NO_NODE = { code: 1, words: "bwrap: Can't find source path /dev/kvm: No such file or directory" };
const NO_JAIL = { code: 1, words: "bwrap: No permissions to create new namespace" };
const KILLED = { code: 137, words: "" };
const PANICKED = { code: 0, words: "", reason: "guest-panic" };
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
    if ("error" in result) throw result.error;
    assertEquals(result.booted?.accelerator, "tcg");
    const said = notes.filter((note) => note.endsWith("; going on with emulation (TCG), which is slow"));
    assertEquals(said, [`on KVM ${result.booted?.kvmProblem}; going on with emulation (TCG), which is slow`]);
    assertEquals(evidence.filter((text) => text.startsWith("KVM did not boot the guest")).length, 1);
  });
}

Deno.test("boot() says of a guest that KVM has booted that it did", async () => {
  const { result, ran, notes } = await bootAll(TRIAL, ["hello"]);
  assertEquals([ran, notes], [[ON_KVM], []]);
  if ("error" in result) throw result.error;
  assertEquals([result.booted?.accelerator, result.booted?.kvmProblem], ["kvm", undefined]);
});

Deno.test("boot() does not take for KVM's fault what somebody else has ended", async () => {
  const killed = await bootAll(TRIAL, [KILLED]);
  const reason = "QEMU ended with status 137: it said nothing";
  const { error } = killed.result as { error: Error };
  assertEquals([killed.ran.length, error instanceof BootFailedError, error.message], [1, true, reason]);
  const full = await bootAll(TRIAL, [BROKEN], AbortSignal.abort(new Error("the disk is full")));
  assertEquals(full.ran, [ON_KVM]);
});

Deno.test("boot() blames the image when emulation does not boot it either", async () => {
  const { result, ran } = await bootAll(TRIAL, [PANICKED, PANICKED]);
  assertEquals([ran, "error" in result && result.error.name], [[ON_KVM, EMULATED], "BootFailedError"]);
});

Deno.test("boot() does not blame a KVM that is asked for for what a jail or QEMU says of anything else", async () => {
  const plays = [[{ trialMs: 200 }, NO_JAIL], [{}, NO_JAIL], [{}, BROKEN], [{}, BROKE]] as const;
  for (const [choice, play] of plays) {
    const { result } = await bootAll(choice, [play]);
    assertEquals("error" in result && result.error.name, "BootFailedError", play.words);
  }
});

const REFUSALS: [what: string, choice: { trialMs?: number }, plays: Play[], words: string][] = [
  [
    "no kernel",
    { trialMs: 200 },
    ["hang", "hang"],
    "a small guest ran on /dev/kvm, but this kernel did not: the guest",
  ],
  ["a VMM that dies", { trialMs: 200 }, [BROKEN], "but this kernel did not: QEMU ended with status 134: failed to set"],
  ["a jail that has no node for it", {}, [NO_NODE], "and now: QEMU ended with status 1: bwrap: Can't find source path"],
  ["a VMM that dies since", {}, [GONE], "a kernel booted on it before, and now: QEMU ended with status 1: Could not"],
];
for (const [what, choice, plays, words] of REFUSALS) {
  Deno.test(`boot() refuses a KVM that is asked for and runs ${what}`, async () => {
    const { result, ran } = await bootAll(choice, plays);
    assertEquals(ran, plays.map(() => ON_KVM));
    if (!("error" in result && result.error instanceof BerthError)) throw new Error(JSON.stringify(result));
    assertStringIncludes(result.error.message, "KVM does not work on this host: ");
    assertStringIncludes(result.error.message, words);
    assertStringIncludes(result.error.hint, "--accel auto");
  });
}
