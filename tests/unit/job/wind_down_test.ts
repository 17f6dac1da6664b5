// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { aborted, within } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { encodeText } from "../../support/agent_text.ts";
import { EventLog } from "../../../lib/job/events.ts";
import { readFacts } from "../../../lib/job/summary.ts";
import { planJob } from "../../../lib/job/plan.ts";
import type { PartialRequest } from "../../../lib/job/request/request.ts";
import { cutOff, StopRequest } from "../../../lib/job/stop.ts";
import type { End } from "../../../lib/job/verdict.ts";
import { windDownVm } from "../../../lib/job/wind_down.ts";
import { connectAgent } from "../../support/agent_session.ts";
import { IdleVm } from "../../support/vmm/idle_vm.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";
import type { Caller } from "../../support/socket.ts";
import { temporaryFolder } from "../../support/temp.ts";

const SUCCESS: End = { kind: "exited", code: 0, oomKills: 0 };
const FAILURE: End = { kind: "exited", code: 3, oomKills: 0 };
const PAUSE = { status: "io-error", diskFull: true };
const ARTIFACT = { artifacts: [{ guest: "/out", host: "o" }], artifactOn: "always" as const };
const DRAIN = { drain: "true", drainTimeoutMs: 20 };
/** One that has its time, however busy the host is. */
const LONG_DRAIN = { drain: "true", ...ARTIFACT };

interface Scene {
  readonly agent: Caller;
  readonly vm: IdleVm;
  readonly stop: StopRequest;
  readonly emergency: AbortController;
  /** What the agent is asked, up to this word: a fragment's parts are left out. */
  readonly asked: (verb: string) => Promise<void>;
}

/** Winds a job down that has ended so, with an agent and a VM that do what `play` says. */
function windDownTest(
  name: string,
  options: PartialRequest,
  acted: End,
  play: (scene: Scene) => Promise<void>,
  expected: {
    readonly kind: End["kind"];
    readonly code?: number;
    readonly troubles?: string[];
    readonly evidence?: string[];
  },
  keepMs?: number,
): void {
  Deno.test(`windDownVm() ${name}`, async () => {
    await using connected = await connectAgent();
    const { agent, session, exec } = connected;
    const [vm, stop, emergency, log] = [new IdleVm(), new StopRequest(), new AbortController(), new EventLog()];
    await using folder = await temporaryFolder();
    using archive = await Deno.open(`${folder.path}/archive`, { create: true, read: true, write: true });
    const asked = async (verb: string) => {
      for (let line = await agent.line(); line !== verb; line = await agent.line()) {
        assert(line?.startsWith("part "), `${line} instead of ${verb}`);
      }
    };
    const plan = planJob({ ...LEAST_REQUEST, ...options }, LEAST_INPUTS);
    using cut = cutOff(stop, plan.cancelTimeoutMs);
    if (acted.kind === "cancelled") {
      stop.stop(acted.by);
      using requested = aborted(stop.requested);
      await requested.promise;
    }
    const ended = windDownVm(plan, { vm, session, exec }, acted, {
      ...{ stop, tell: log.tell, archive, keepMs, hasCaches: false },
      signal: AbortSignal.any([cut.signal, emergency.signal]),
    });
    ended.catch(() => {});
    await play({ agent, vm, stop, emergency, asked });
    const { end } = await within(ended, 9000, "the end");
    const code = end.kind === "exited" ? end.code : undefined;
    const { troubles, evidence } = readFacts(log.list());
    const seen = {
      kind: end.kind,
      code,
      troubles,
      ...(expected.evidence && { evidence: evidence.map(({ what }) => what) }),
    };
    assertEquals(seen, { code: undefined, troubles: [], ...expected });
    vm.end({ code: 0, words: "" });
  });
}

const collects: [what: string, acted: End, play: (scene: Scene) => Promise<void>, expected: End["kind"]][] = [
  ["garbage is a lost guest", SUCCESS, ({ agent }) => agent.send("nonsense\n"), "agent-lost"],
  ["what nobody asked is a lost guest", SUCCESS, ({ agent }) => agent.send("flushed\n"), "agent-lost"],
  ["its reason is believed", SUCCESS, ({ agent }) => agent.send(`error ${encodeText("no room")}\n`), "infra"],
  ["its VM ends", SUCCESS, async ({ agent, vm }) => {
    vm.end({ code: 0, words: "", reason: "guest-panic" });
    await Promise.resolve(agent[Symbol.dispose]());
  }, "vm-ended"],
  ["its VM is stopped", SUCCESS, ({ vm }) => Promise.resolve(vm.pause(PAUSE)), "vm-paused"],
  ["the host's disk is full", SUCCESS, ({ emergency }) => {
    emergency.abort(new BerthError("host.disk-full", "full"));
    return Promise.resolve();
  }, "infra"],
];
for (const [what, acted, play, kind] of collects) {
  windDownTest(`asks for artifacts, and ${what}`, ARTIFACT, acted, async (scene) => {
    await scene.asked("collect");
    await play(scene);
    scene.vm.end({ code: 0, words: "" });
  }, { kind });
}

windDownTest("keeps the job's own failure beside artifacts that are lost", ARTIFACT, FAILURE, async (scene) => {
  await scene.asked("collect");
  await scene.agent.send("nonsense\n");
  await scene.vm.toldToQuit;
  scene.vm.end({ code: 0, words: "" });
}, { kind: "exited", code: 3, troubles: [`the guest's agent said "nonsense"`] });

windDownTest("ends a drain that takes too long, and only says so", DRAIN, SUCCESS, async ({ agent, vm, asked }) => {
  await asked("exec");
  await agent.send("started\n");
  await asked("signal 15");
  await agent.send("exited signal 15 0\n");
  await vm.toldToQuit;
  vm.end({ code: 0, words: "" });
}, { kind: "exited", code: 0, troubles: ["the drain failed: waited 20 ms for the drain"] });

windDownTest("does not wait for the drain of a VM that is stopped", LONG_DRAIN, SUCCESS, async ({ vm, asked }) => {
  await asked("exec");
  vm.pause(PAUSE);
  await vm.toldToQuit;
  vm.end({ code: 0, words: "" });
}, { kind: "vm-paused", troubles: ["the drain failed: the VMM has stopped the VM (io-error)"] });

windDownTest("asks for artifacts when a drain had to be ended", { ...DRAIN, ...ARTIFACT }, SUCCESS, async (scene) => {
  const { agent, vm, asked } = scene;
  await asked("exec");
  await asked("signal 15");
  await agent.send("started\nexited signal 15 0\n");
  await asked("collect");
  await agent.send(`error ${encodeText("no room")}\n`);
  await vm.toldToQuit;
  vm.end({ code: 0, words: "" });
}, { kind: "infra", troubles: ["the drain failed: waited 20 ms for the drain"] });

windDownTest("does not wait any more when it is told to hurry", {}, SUCCESS, async ({ vm, stop }) => {
  await vm.toldToQuit;
  stop.stop("SIGTERM");
}, { kind: "exited", code: 0, evidence: [] });

windDownTest(
  "has a VMM killed that does not quit, and says so",
  ARTIFACT,
  FAILURE,
  async ({ agent, vm, asked }) => {
    await asked("collect");
    vm.quit = () => Promise.resolve(false);
    await agent.send("nonsense\n");
  },
  {
    ...{ kind: "exited", code: 3, troubles: [`the guest's agent said "nonsense"`] },
    evidence: ["the VMM has not quit when it was told to; it is killed"],
  },
);

windDownTest(
  "waits no longer for artifacts than all together may take",
  ARTIFACT,
  FAILURE,
  async ({ vm, asked }) => {
    await asked("collect");
    await vm.toldToQuit;
    vm.end({ code: 0, words: "" });
  },
  { kind: "exited", code: 3, troubles: ["waited 20 ms for all that is kept of the job"] },
  20,
);

const CANCELLED: End = { kind: "cancelled", by: "SIGTERM", isOver: true };
const OVER = "it was cancelled, and 30 ms are over";

for (const [what, acted] of [["success", SUCCESS], ["failure", FAILURE]] as const) {
  const options = { ...ARTIFACT, cancelTimeoutMs: 30 };
  windDownTest(
    `gives up the artifacts of a cancelled job's ${what} when its time is up`,
    options,
    acted,
    async (scene) => {
      await scene.asked("collect");
      scene.stop.stop("SIGTERM");
      await scene.vm.toldToQuit;
      scene.vm.end({ code: 0, words: "" });
    },
    { kind: "cancelled", troubles: [OVER] },
  );
}

windDownTest(
  "does for a cancelled job what it does for others",
  LONG_DRAIN,
  CANCELLED,
  async (scene) => {
    const { agent, vm, asked } = scene;
    await asked("exec");
    await agent.send("started\nexited code 0 0\n");
    await asked("collect");
    await agent.send("missing 0\ncollected\n");
    await vm.toldToQuit;
    vm.end({ code: 0, words: "" });
  },
  { kind: "cancelled", troubles: ["the artifact /out: the job has ended, and there is no such file or folder"] },
);

windDownTest("goes on with a drain when its job is cancelled", LONG_DRAIN, SUCCESS, async (scene) => {
  const { agent, vm, stop, asked } = scene;
  await asked("exec");
  stop.stop("SIGINT");
  await agent.send("started\nexited code 0 0\n");
  await asked("collect");
  await agent.send(`error ${encodeText("no room")}\n`);
  await vm.toldToQuit;
  vm.end({ code: 0, words: "" });
}, { kind: "cancelled", troubles: ["no room"] });

windDownTest("ends a drain at once by a second wish", LONG_DRAIN, CANCELLED, async ({ vm, stop, asked }) => {
  await asked("exec");
  stop.stop("SIGINT");
  await vm.toldToQuit;
  vm.end({ code: 0, words: "" });
}, {
  kind: "cancelled",
  troubles: ["the drain failed: it was cancelled", "no artifacts: the guest's agent can't be asked for them any more"],
});

windDownTest(
  "says that a job which was cut short has no artifacts",
  ARTIFACT,
  { ...CANCELLED, isOver: false },
  async (scene) => {
    await scene.vm.toldToQuit;
    scene.vm.end({ code: 0, words: "" });
  },
  { kind: "cancelled", troubles: ["no artifacts: the guest's agent can't be asked for them any more"] },
);

windDownTest(
  "copies nothing of a cancelled job out that only a success was to leave",
  {
    ...{ ...ARTIFACT, artifactOn: "success" },
  },
  CANCELLED,
  async ({ vm }) => {
    await vm.toldToQuit;
    vm.end({ code: 0, words: "" });
  },
  { kind: "cancelled" },
);

windDownTest("does nothing more for a job that nobody listens to", { ...DRAIN, ...ARTIFACT }, {
  ...{ kind: "cancelled", by: "SIGPIPE", isOver: false },
}, async ({ vm }) => {
  await vm.toldToQuit;
  vm.end({ code: 0, words: "" });
}, { kind: "cancelled" });
