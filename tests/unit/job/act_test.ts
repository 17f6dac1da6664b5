// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { encodeText } from "../../support/agent_text.ts";
import { act } from "../../../lib/job/act.ts";
import { planJob } from "../../../lib/job/plan.ts";
import { StopRequest } from "../../../lib/job/stop.ts";
import type { End } from "../../../lib/job/verdict.ts";
import { connectAgent } from "../../support/agent_session.ts";
import { IdleVm } from "../../support/vmm/idle_vm.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";
import type { Caller } from "../../support/socket.ts";

interface Scene {
  /** The job's end. */
  readonly end: Promise<End>;
  /** Whether it counts as started. */
  readonly started: Promise<boolean>;
  readonly agent: Caller;
  readonly vm: IdleVm;
  readonly stop: StopRequest;
}

/** A job whose agent is at a real socket, and has been asked to run it. */
function actTest(
  name: string,
  options: { timeoutMs?: number; bootTimeoutMs?: number; cancelTimeoutMs?: number },
  fn: (scene: Scene) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using connected = await connectAgent();
    const { agent, exec } = connected;
    const [vm, stop] = [new IdleVm(), new StopRequest()];
    const disks = {
      volumes: [{ mountPoint: "/d", sizeBytes: 1 }],
      caches: [{ name: "npm", mountPoint: "/c", sizeBytes: 1 }],
    };
    const plan = planJob({ ...LEAST_REQUEST, ...disks, workdir: "/src", ...options }, LEAST_INPUTS);
    const acted = act(plan, { vm, exec, inputBroken: new Promise(() => {}) }, { stop, tell: () => {} });
    const [end, started] = [acted.then(({ end }) => end), acted.then(({ started }) => started)];
    for (const promise of [end, started]) promise.catch(() => {});
    const asked = await agent.line();
    assert(asked?.startsWith("part "), asked);
    assertEquals(await agent.line(), "exec");
    await fn({ end, started, agent, vm, stop });
    // Who still waits for it need not wait any more.
    vm.end({ code: 0, words: "" });
  });
}

const ENDS: [string, string, End | RegExp][] = [
  ["an exit", "exited code 3 0", { kind: "exited", code: 3, oomKills: 0 }],
  ["a death by signal", "exited signal 9 2", { kind: "exited", signal: 9, oomKills: 2 }],
  ["a command that is not there", "refused 127", { kind: "refused", status: 127, command: "make" }],
  ["a command that can't be executed", "refused 126", { kind: "refused", status: 126, command: "make" }],
  [
    "what it lacks",
    `refused 126 ${encodeText("no loader")}`,
    { kind: "refused", status: 126, command: "make", why: "no loader" },
  ],
  [
    "a working directory that went",
    "refused 125",
    /^infra: the working directory \/src in the guest: it can't be entered/,
  ],
  [
    "a working directory that can't be made",
    `error ${encodeText("workdir /src: File exists")}`,
    /^infra: the working directory \/src in the guest: File exists$/,
  ],
  [
    "a volume's failure",
    `error ${encodeText("volume volume0: File exists")}`,
    /^infra: the volume for \/d can't be/,
  ],
  ["a broken cache", `error ${encodeText("volume cache0: Invalid")}`, /^infra: the cache npm can't be mounted/],
  ["a guest that lies about volumes", `error ${encodeText("volume root: x")}`, /^infra: volume root: x$/],
  ["an unknown user", `error ${encodeText("user x: no such user")}`, /^infra: user x: no such user$/],
];
for (const [what, line, expected] of ENDS) {
  actTest(`act() ends with ${what}, as the agent says`, {}, async ({ end, agent }) => {
    await agent.send(line.startsWith("error") ? `${line}\n` : `started\n${line}\n`);
    const seen = await within(end, 5000, "the end");
    if (!(expected instanceof RegExp)) return assertEquals(seen, expected);
    assert("reason" in seen && expected.test(`${seen.kind}: ${seen.reason}`), JSON.stringify(seen));
  });
}

for (
  const line of ["started", "collected", "flushed", "missing 0", `error ${encodeText("the host's disk is full")}`]
) {
  actTest(`act() believes no agent that says "${line}" of a job that runs`, {}, async ({ end, agent }) => {
    await agent.send(`started\n${line}\n`);
    const seen = await within(end, 5000, "the end");
    assertEquals(seen, {
      kind: "agent-lost",
      reason: `the guest's agent said "${line.split(" ")[0]}" when it was asked to run the job`,
    });
  });
}

actTest("act() ends at once with a VM that ends by itself", {}, async ({ end, vm }) => {
  vm.end({ code: 134, words: "assertion" });
  assertEquals(await within(end, 5000, "the end"), {
    kind: "vm-ended",
    exit: { kind: "crashed", code: 134, words: "assertion", detail: undefined },
  });
});

actTest("act() blames the VM's end for a connection that breaks with it", {}, async ({ end, agent, vm }) => {
  agent[Symbol.dispose]();
  vm.end({ code: 0, words: "", reason: "guest-panic" });
  assertEquals((await within(end, 5000, "the end")).kind, "vm-ended");
});

actTest("act() loses an agent that hangs up while its VM runs on", {}, async ({ end, agent }) => {
  agent[Symbol.dispose]();
  assertEquals(await within(end, 10_000, "the end"), { kind: "agent-lost", reason: "the guest's agent hung up" });
});

actTest("act() loses an agent that talks nonsense", {}, async ({ end, agent }) => {
  await agent.send("collected\n");
  const seen = await within(end, 10_000, "the end");
  assertEquals(seen.kind, "agent-lost");
});

actTest("act() does not wait for the end of a VM whose agent has broken the protocol", {}, async ({ end, agent }) => {
  await agent.send("started\nexited code 256 0\n");
  const seen = await within(end, 1500, "the end");
  assertEquals(seen.kind, "agent-lost");
});

actTest("act() ends a job by TERM when its time is up", { timeoutMs: 20 }, async ({ end, agent }) => {
  await agent.send("started\n");
  assertEquals(await agent.line(), "signal 15");
  await agent.send("exited signal 15 0\n");
  const seen = await within(end, 4000, "the end");
  assertEquals(seen, { kind: "timed-out", reason: "the job was still running after 20 ms", isOver: true });
});

actTest(
  "act() passes a cancellation's signal on, and KILLs a job that stays",
  { cancelTimeoutMs: 40 },
  async (scene) => {
    const { end, agent, stop } = scene;
    await agent.send("started\n");
    stop.stop("SIGINT");
    assertEquals([await agent.line(), await agent.line()], ["signal 2", "signal 9"]);
    await agent.send("exited signal 9 0\n");
    assertEquals(await within(end, 5000, "the end"), { kind: "cancelled", by: "SIGINT", isOver: true });
  },
);

actTest("act() ends at once by a second wish", {}, async ({ end, agent, stop }) => {
  await agent.send("started\n");
  stop.stop("SIGINT");
  assertEquals(await agent.line(), "signal 2");
  stop.stop("SIGTERM");
  assertEquals(await agent.line(), "signal 9");
  await agent.send("exited signal 9 0\n");
  assertEquals(await within(end, 5000, "the end"), { kind: "cancelled", by: "SIGINT", isOver: true });
});

actTest("act() gives a job whose time is up no grace that its caller has not", { timeoutMs: 20 }, async (scene) => {
  const { end, agent, stop } = scene;
  await agent.send("started\n");
  assertEquals(await agent.line(), "signal 15");
  stop.stop("SIGTERM");
  assertEquals(await agent.line(), "signal 9");
  await agent.send("exited signal 9 0\n");
  assertEquals((await within(end, 5000, "the end")).kind, "timed-out");
});

actTest("act() can be cancelled although its agent is gone", {}, async ({ end, agent, stop }) => {
  agent[Symbol.dispose]();
  stop.stop("SIGTERM");
  assertEquals(await within(end, 5000, "the end"), { kind: "cancelled", by: "SIGTERM", isOver: false });
});

actTest("act() does not take the end of the VM under a timeout for the job's", { timeoutMs: 20 }, async (scene) => {
  const { end, agent, vm } = scene;
  await agent.send("started\n");
  assertEquals(await agent.line(), "signal 15");
  vm.end({ code: 0, words: "" });
  agent[Symbol.dispose]();
  const seen = await within(end, 5000, "the end");
  assertEquals(seen.kind === "timed-out" && seen.isOver, false);
});

actTest("act() ends when the VMM has stopped the guest", {}, async ({ end, agent, vm }) => {
  await agent.send("started\n");
  const pause = { status: "io-error", diskFull: true };
  vm.pause(pause);
  assertEquals(await within(end, 5000, "the end"), { kind: "vm-paused", pause });
});

const STARTS: [what: string, lines: string, started: boolean][] = [
  ["has a command that is not there", "started\nrefused 127\n", false],
  ["has no such working directory", "started\nrefused 125\n", false],
  ["can't have its volumes", `error ${encodeText("volume volume0: File exists")}\n`, false],
  ["has exited", "started\nexited code 125 0\n", true],
  ["is lost to an agent that hangs up", "started\n", true],
  ["never was with an agent that hangs up", "", false],
  ["was with an agent that lies", "exited code 0 0\n", true],
  ["was with an agent that talks nonsense", "\u0001\n", true],
];
for (const [what, lines, expected] of STARTS) {
  actTest(`act() says of a job that ${what} that it ${expected ? "has" : "has not"} started`, {}, async (scene) => {
    const { started, agent, vm } = scene;
    if (lines) await agent.send(lines);
    agent[Symbol.dispose]();
    vm.end({ code: 0, words: "" });
    assertEquals(await within(started, 5000, "the end"), expected);
  });
}

actTest("act() does not lose the start of a job whose VM has ended by then", {}, async ({ started, agent, vm }) => {
  vm.end({ code: 134, words: "" });
  await agent.send("started\n");
  agent[Symbol.dispose]();
  assertEquals(await within(started, 5000, "the end"), true);
});

actTest("act() counts a job as started where nobody can tell any more", {}, async ({ started, vm }) => {
  // A VMM that stays although it is killed, and an agent of which nothing is heard.
  vm.pause({ status: "io-error", diskFull: false });
  assertEquals(await within(started, 5000, "the end"), true);
});

for (const [what, line] of [["has", "started\n"], ["has not", ""]]) {
  actTest(
    `act() kills a VM that starts its job too late, and says whether it ${what}`,
    { bootTimeoutMs: 20 },
    async (scene) => {
      const { end, started, agent, vm } = scene;
      vm.kill = () => {
        void (line ? agent.send(line) : Promise.resolve()).then(() => agent[Symbol.dispose]());
        vm.end({ code: 137, words: "" });
      };
      assertEquals((await within(end, 5000, "the end")).kind, "boot-failed");
      assertEquals(await started, line !== "");
    },
  );
}
