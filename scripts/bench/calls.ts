/**
 * The command lines that are measured. The script gets its machine from berth's own plan, so the two can't drift apart.
 *
 * @module
 */

import { planIdentity } from "../../lib/guest/identity.ts";
import { whoLine } from "../../lib/guest/protocol.ts";
import { parseRunArgs } from "../../lib/cli/run/args.ts";
import type { ExecRequest } from "../../lib/guest/fragment.ts";
import { Session } from "../../lib/guest/session.ts";
import { parseImageSpec, resolveSpec } from "../../lib/image/spec.ts";
import { type JobPlan, planJob } from "../../lib/job/plan.ts";
import { planQemu } from "../../lib/vmm/qemu/args.ts";
import { QEMU_TRAITS } from "../../lib/vmm/qemu/traits.ts";
import type { Accelerator } from "../../lib/vmm/vmm.ts";
import { type Call, shell } from "./child.ts";
import { SCRATCH, STATE } from "./places.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const SCRIPT = new URL("by_hand.sh", import.meta.url).pathname;
/** The first run builds the image. */
const BUILD_LIMIT_MS = 300_000;
const RUN_LIMIT_MS = 150_000;
const OUTPUT_LIMIT_MS = 600_000;
const START_LIMIT_MS = 30_000;

/** The binary that is measured; undefined: the sources are. */
export const BINARY = Deno.env.get("BERTH_BINARY") || undefined;

/** What both run their jobs on. */
export interface Setup {
  readonly imageSpec: string;
  readonly accelerator: Accelerator;
  /** See emulatedBootArgs in vmm.ts; only emulated guests need it. */
  readonly tcgTscKhz?: number;
}

/** The command line of any command of berth's. */
export function commandOf(args: readonly string[]): string[] {
  return [...BINARY ? [BINARY] : deno("--permission-set=berth", MAIN), ...args];
}

/** A job of berth's. */
export function byBerth(flags: readonly string[], job: readonly string[], limitMs = RUN_LIMIT_MS): Call {
  return {
    what: `berth run -- ${job.join(" ")}`,
    argv: commandOf(["run", ...flags, "--", ...job]),
    cwd: SCRATCH,
    env: { BERTH_STATE: STATE },
    limitMs,
  };
}

/** The run that builds the image, finds out about the host, and reports both. */
export function firstRun(report: string): Call {
  return byBerth(["--quiet", "--report", report], ["true"], BUILD_LIMIT_MS);
}

/** The same job by hand. */
export async function byHand(setup: Setup, job: readonly string[], limitMs = RUN_LIMIT_MS): Promise<Call> {
  const plan = planSame(setup, job);
  const args = planQemu(plan.vm);
  const valueOf = (flag: string) => args[args.indexOf(flag) + 1];
  const identity = `${SCRATCH}/identity`;
  const seed = crypto.getRandomValues(new Uint8Array(512));
  await Deno.writeFile(identity, planIdentity({ token: plan.token, serials: [] }, seed, Date.now()));
  return {
    what: `by hand: ${job.join(" ")}`,
    argv: ["sh", SCRIPT],
    cwd: SCRATCH,
    env: {
      MACHINE: valueOf("-machine"),
      ACCEL: valueOf("-accel"),
      CPU: valueOf("-cpu"),
      MEMORY: valueOf("-m"),
      VCPUS: valueOf("-smp"),
      KERNEL: plan.vm.kernel,
      INITRD: plan.vm.initrd,
      APPEND: valueOf("-append"),
      IDENTITY: identity,
      WHO: whoLine(plan.vm.nonce),
      REQUEST: await requestLines({
        ...plan.exec,
        volumes: [],
        stdin: false,
        clockSeconds: Math.round(Date.now() / 1000),
      }),
      // Only so that it is known as the benchmark's, should it be left behind.
      BERTH_STATE: STATE,
    },
    limitMs,
  };
}

/** What berth would say to the agent, word for word. */
export async function requestLines(request: ExecRequest): Promise<string> {
  let said = "";
  using session = new Session({
    lines: (async function* () {})(),
    write: (bytes) => {
      said += new TextDecoder().decode(bytes);
      return Promise.resolve();
    },
    [Symbol.dispose]: () => {},
  });
  await session.lane(0).exec(request);
  return said;
}

/** What berth would do for this job. */
export function planSame({ imageSpec, accelerator, tcgTscKhz }: Setup, job: readonly string[]): JobPlan {
  const { request } = parseRunArgs(["--quiet", "--", ...job], Infinity);
  const bootArgs = accelerator === "tcg" ? QEMU_TRAITS.emulatedBootArgs(tcgTscKhz) : [];
  return planJob(request, {
    vmm: QEMU_TRAITS,
    jobs: `${STATE}/jobs`,
    id: "0".repeat(12),
    token: "0".repeat(26),
    nonce: "0".repeat(26),
    image: { name: "default", spec: resolveSpec(parseImageSpec(imageSpec, "spec.json"), `${STATE}/images/default`) },
    accelerator: { accelerator, bootArgs },
  });
}

/** Both sides of the output's measurement: a job that prints zeros. */
export async function outputCalls(setup: Setup, mebibytes: number): Promise<[berth: Call, hand: Call]> {
  const job = ["dd", "if=/dev/zero", "bs=1M", `count=${mebibytes}`];
  return [byBerth(["--quiet"], job, OUTPUT_LIMIT_MS), await byHand(setup, job, OUTPUT_LIMIT_MS)];
}

/** Both sides of the start-up's measurement. The folder has an empty program and an empty configuration. */
export async function startCalls(folder: string): Promise<[berth: Call, empty: Call]> {
  if (BINARY) {
    await shell("compiling", 'cd "$1" && exec "$2" compile -q --no-code-cache empty.ts', folder, Deno.execPath());
  }
  const call = (what: string, argv: string[]): Call => ({ what, argv, cwd: folder, limitMs: START_LIMIT_MS });
  return [
    call("berth --version", commandOf(["--version"])),
    call("an empty program", BINARY ? ["./empty"] : deno("empty.ts")),
  ];
}

function deno(...args: string[]): string[] {
  return [Deno.execPath(), "run", "-q", "--no-prompt", ...args];
}
