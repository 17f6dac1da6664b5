// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { collectFragment, execFragment } from "../../../lib/guest/fragment.ts";
import { Hub } from "../../../lib/guest/hub.ts";
import { Session } from "../../../lib/guest/session.ts";
import { Caller, socketPath } from "../../support/socket.ts";

const TOKEN = "0123456789abcdefghjkmnpqrs";

/** A session, and the agent at its other end. */
function sessionTest(name: string, fn: (session: Session, agent: Caller) => Promise<void>): void {
  Deno.test(name, async () => {
    using socket = await socketPath("hub");
    await using hub = Hub.listen(socket.path);
    const arriving = hub.expect(TOKEN, "agent");
    using agent = await Caller.dial(socket.path);
    await agent.send(`hello ${TOKEN} agent\n`);
    using session = new Session(await within(arriving, 5000, "the agent"));
    await fn(session, agent);
  });
}

sessionTest("a Session sends nothing between the parts of a request", async (session, agent) => {
  const long = { argv: ["x".repeat(9000)], env: {}, workdir: "/", hostname: "h", user: "", stdin: false, volumes: [] };
  const lane = session.lane(0);
  const asked = [lane.exec({ ...long, clockSeconds: 1 }), lane.signal(15), session.flush()];
  const verbs: string[] = [];
  while (verbs.at(-1) !== "flush") verbs.push((await within(agent.line(), 5000, "a line"))!.split(" ")[0]);
  await Promise.all(asked);
  assertEquals(verbs.filter((verb, index) => verb !== verbs[index - 1]), ["part", "exec", "signal", "flush"]);
});

sessionTest("a Session says what it wants in lines", async (session, agent) => {
  const request = {
    argv: ["a\nb"],
    env: { A: "1" },
    workdir: "/",
    hostname: "host1",
    user: "",
    stdin: false,
    volumes: [],
    clockSeconds: 1,
  };
  await session.lane(0).exec(request);
  await session.lane(0).signal(15);
  await session.collect(["/out", "/b c"]);
  await session.flush();
  const lines = [];
  for (let line = await agent.line(); lines.push(line), line !== "flush"; line = await agent.line());
  assertEquals(lines, [
    `part .${execFragment(request)}.`,
    "exec",
    "signal 15",
    `part .${collectFragment(["/out", "/b c"])}.`,
    "collect",
    "flush",
  ]);
});

sessionTest("exec() sends a large request in parts, which make the whole", async (session, agent) => {
  const request = {
    argv: ["x".repeat(1_000_000)],
    env: {},
    workdir: "/",
    hostname: "host1",
    user: "",
    stdin: false,
    volumes: [],
    clockSeconds: 1,
  };
  const read = async () => {
    const parts = [];
    for (let line = await agent.line(); line !== "exec"; line = await agent.line()) parts.push(line);
    return parts;
  };
  const [parts] = await Promise.all([read(), session.lane(0).exec(request)]);
  assertEquals(parts.every((part) => /^part \..*\.$/.test(part!) && part!.length <= 4096), true);
  assertEquals(parts.map((part) => part!.slice(6, -1)).join(""), execFragment(request));
});

sessionTest("next() hears the agent's lines in their order", async (session, agent) => {
  await agent.send("started\nexited code 3 0\n");
  assertEquals(await session.next(), { kind: "started" });
  assertEquals(await session.next(), { kind: "exited", code: 3, oomKills: 0 });
});

sessionTest("next() throws at words that no agent says", async (session, agent) => {
  await agent.send("gibberish\n");
  assertEquals((await assertRejects(() => session.next(), BerthError, '"gibberish"')).code, "guest.protocol");
});

sessionTest("next() throws job.lost when the agent hangs up", async (session, agent) => {
  agent[Symbol.dispose]();
  assertEquals((await assertRejects(() => session.next(), BerthError, "hung up")).code, "job.lost");
});

sessionTest("a request to an agent that is gone throws job.lost", async (session, agent) => {
  agent[Symbol.dispose]();
  // The first write to a socket whose other end has just closed may still succeed.
  await assertRejects(() => session.next(), BerthError);
  assertEquals((await assertRejects(() => session.lane(0).signal(9), BerthError, "broke")).code, "job.lost");
});
