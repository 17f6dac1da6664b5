/**
 * Commands in a machine, with an agent that the test plays over a real socket.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import type { AgentMessage } from "../../../lib/guest/protocol.ts";
import { Lanes } from "../../../lib/machine/exec.ts";
import { connectAgent } from "../../support/agent_session.ts";
import type { Caller } from "../../support/socket.ts";

const COMMAND = { argv: ["true"], env: {}, workdir: "/", hostname: "h", user: "" };

/** Lines of the host until that one, without what is in a part. */
async function hear(agent: Caller, last: string): Promise<string[]> {
  const heard: string[] = [];
  while (heard.at(-1) !== last) heard.push((await within(agent.line(), 5000, last))!.replace(/(part) .*/, "$1"));
  return heard;
}

function next(exec: { next(): Promise<AgentMessage> }): Promise<AgentMessage> {
  return within(exec.next(), 5000, "the agent's words");
}

Deno.test("Machine.exec() starts each command in a lane of its own, and hears each one for itself", async () => {
  await using connected = await connectAgent(3);
  const { agent, exec } = connected;
  const [first, second, third] = [exec(COMMAND), exec(COMMAND), exec(COMMAND)];
  assertEquals(await hear(agent, "lane 2 exec"), [
    ...["part", "exec"],
    ...["lane 1 part", "lane 1 exec"],
    ...["lane 2 part", "lane 2 exec"],
  ]);
  const words = ["lane 2 started", "started", "lane 1 started", "lane 1 exited code 1 0", "exited code 0 0"];
  await agent.send([...words, "lane 2 exited signal 9 1", ""].join("\n"));
  // Whoever waits first is not told what is another's.
  const all = await Promise.all([third, first, second].map(async (one) => [await next(one), await next(one)]));
  assertEquals(all.map(([{ kind }]) => kind), ["started", "started", "started"]);
  assertEquals(all.map(([, end]) => end), [
    { kind: "exited", signal: 9, oomKills: 1 },
    { kind: "exited", code: 0, oomKills: 0 },
    { kind: "exited", code: 1, oomKills: 0 },
  ]);
});

Deno.test("Machine.exec() sends a signal to its own command", async () => {
  await using connected = await connectAgent(2);
  const { agent, exec } = connected;
  const [first, second] = [exec(COMMAND), exec(COMMAND)];
  await hear(agent, "lane 1 exec");
  await second.signal(2);
  await first.signal(15);
  assertEquals(await hear(agent, "signal 15"), ["lane 1 signal 2", "signal 15"]);
});

Deno.test("Machine.exec() refuses more commands than there are lanes, and takes a lane again when its end was heard", async () => {
  await using connected = await connectAgent(2);
  const { agent, exec } = connected;
  const [first, second] = [exec(COMMAND), exec(COMMAND)];
  const busy = () => assertThrows(() => exec(COMMAND), BerthError, "the guest can run 2 commands at once, and does");
  busy();
  await agent.send("started\nlane 1 started\n");
  await Promise.all([next(first), next(second)]);
  busy();
  await hear(agent, "lane 1 exec");
  let living = second;
  for (const end of ["exited code 0 0", "refused 127", "error eA=="]) {
    await agent.send(`lane 1 ${end}\n`);
    await next(living);
    living = exec(COMMAND);
    assertEquals(await hear(agent, "lane 1 exec"), ["lane 1 part", "lane 1 exec"]);
    busy();
  }
});

Deno.test("Machine.exec(): a command whose end was heard has no say over the next one in its lane", async () => {
  await using connected = await connectAgent();
  const { agent, exec } = connected;
  const over = exec(COMMAND);
  await agent.send("started\nexited code 0 0\n");
  assertEquals([(await next(over)).kind, (await next(over)).kind], ["started", "exited"]);
  const living = exec(COMMAND);
  await over.signal(9);
  await assertRejects(() => over.next(), Error, "behind its end");
  await agent.send("started\nexited code 7 0\n");
  assertEquals([(await next(living)).kind, (await next(living)).kind], ["started", "exited"]);
  await living.signal(15);
  exec(COMMAND);
  const heard = [...await hear(agent, "exec"), ...await hear(agent, "exec"), ...await hear(agent, "exec")];
  assertEquals(heard, ["part", "exec", "part", "exec", "part", "exec"]);
});

Deno.test("Machine.exec() begins a command's output where that of the one before has ended", async () => {
  await using connected = await connectAgent(2);
  const { agent, exec, outputs } = connected;
  exec(COMMAND);
  const before = exec(COMMAND);
  assertEquals([before.stdout.from, before.stderr.from], [0, 0]);
  await Deno.writeTextFile(outputs[1].stdout.path, "12345", { append: true });
  await agent.send("lane 1 started\nlane 1 exited code 0 0\n");
  await next(before);
  await next(before);
  const behind = exec(COMMAND);
  assertEquals([behind.stdout.from, behind.stderr.from], [5, 0]);
  assertEquals(behind.stdout.path, outputs[1].stdout.path);
});

Deno.test("Machine.exec() gives volumes and input to the first command, until one has started", async () => {
  await using connected = await connectAgent(2);
  const volumes = [{ serial: "volume0", mountPoint: "/v", state: "ro" } as const];
  const { agent, session, outputs } = connected;
  const lanes = new Lanes(session, outputs, { volumes, stdin: true });
  /** Whether the request says so, and that it has the input. */
  const mounts = async (last: string) => {
    let fragment = "";
    for (let line = await agent.line(); line !== last; line = await agent.line()) {
      fragment += /^(?:lane \d+ )?part \.(.*)\.$/.exec(line!)![1];
    }
    assertEquals(fragment.includes("stdin=yes"), fragment.includes("volume0"));
    return fragment.includes("volume0");
  };
  const first = lanes.exec({ ...COMMAND, user: "nobody-knows" });
  assertEquals(await mounts("exec"), true);
  const beside = lanes.exec(COMMAND);
  assertEquals(await mounts("lane 1 exec"), false);
  await agent.send("error eA==\n");
  await next(first);
  const second = lanes.exec(COMMAND);
  assertEquals(await mounts("exec"), true);
  await agent.send("started\nexited code 0 0\nlane 1 started\n");
  assertEquals([(await next(second)).kind, (await next(second)).kind], ["started", "exited"]);
  assertEquals((await next(beside)).kind, "started");
  lanes.exec(COMMAND);
  assertEquals(await mounts("exec"), false);
});

Deno.test("Machine.exec(): an agent that is gone, or says more than it can, is told to everybody who waits", async () => {
  for (
    const [words, code] of [
      ["", "job.lost"],
      ["lane 1 collected\n", "guest.protocol"],
      ["lane 0 started\n", "guest.protocol"],
      ["lane 1 \n", "guest.protocol"],
      ["lane 2 started\n", "guest.protocol"],
    ] as const
  ) {
    await using connected = await connectAgent(2);
    const { agent, exec } = connected;
    const waiting = [exec(COMMAND), exec(COMMAND)].map((one) => assertRejects(() => next(one), BerthError));
    await hear(agent, "lane 1 exec");
    await agent.send(words);
    agent[Symbol.dispose]();
    assertEquals((await Promise.all(waiting)).map((error) => error.code), [code, code], words);
  }
});

Deno.test("Machine.exec(): an agent that says more of a lane than anybody has asked is not to be believed in anything", async () => {
  await using connected = await connectAgent(2);
  const { agent, exec } = connected;
  const [main] = [exec(COMMAND), exec(COMMAND)];
  const waiting = assertRejects(() => next(main), BerthError, "says more of lane 1");
  await agent.send("lane 1 started\n".repeat(5));
  assertEquals((await waiting).code, "guest.protocol");
});
