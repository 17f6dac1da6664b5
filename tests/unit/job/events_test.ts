// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { EventLog, type JobEvent, tellWishes, type Told } from "../../../lib/job/events.ts";
import { StopRequest } from "../../../lib/job/stop.ts";

/** What was seen, and by whom. */
function said(log: EventLog): string[] {
  return log.list().flatMap((event) => event.kind === "seen" ? [`${event.source}: ${event.what}`] : []);
}

const seen = (source: "agent" | "qmp" | "vmm" | "cgroup", what: string): JobEvent => ({ kind: "seen", source, what });

Deno.test("EventLog hands each event on as it is told, with its time", () => {
  const heard: Told[] = [];
  const log = new EventLog((event) => heard.push(event));
  log.tell({ kind: "note", text: "one" });
  assertEquals(heard.length, 1);
  log.tell({ kind: "point", point: "launch" });
  assertEquals(log.list(), heard);
  assertEquals(log.list().map(({ atMs }) => Number.isInteger(atMs) && atMs >= 0), [true, true]);
});

Deno.test("EventLog cuts what a guest can cause without end, and says how much; what the host sees is not cut", () => {
  const log = new EventLog();
  for (let count = 0; count < 150; count++) log.tell(seen(count % 2 ? "agent" : "qmp", `word ${count}`));
  log.tell(seen("vmm", "it exited with status 0"));
  log.tell(seen("cgroup", "1 process killed"));
  log.tellDropped();
  const words = said(log);
  assertEquals(words.length, 103);
  assertEquals(words.slice(-4), [
    "agent: word 99",
    "vmm: it exited with status 0",
    "cgroup: 1 process killed",
    "berth: the guest caused 50 entries more",
  ]);
});

Deno.test("EventLog lets no control character and no endless line of a guest's through", () => {
  const log = new EventLog();
  log.tell(seen("agent", `\x1b[2J${"x".repeat(1000)}`));
  const [word] = said(log);
  assertEquals([word.length, word.startsWith("agent: \\x1b[2Jxxx")], [307, true]);
});

Deno.test("tellWishes() tells the first wish by its reason, and nothing after its disposal", async () => {
  const [log, stop] = [new EventLog(), new StopRequest()];
  const seen = () => said(log);
  {
    using _wishes = tellWishes(log.tell, stop);
    assertEquals(seen(), []);
    stop.stop("SIGINT");
    await Promise.resolve();
    assertEquals(seen(), ["caller: SIGINT"]);
  }
  stop.stop("SIGTERM");
  await Promise.resolve();
  assertEquals(seen(), ["caller: SIGINT"]);
});

Deno.test("tellWishes() tells that a second signal came", async () => {
  const [log, stop] = [new EventLog(), new StopRequest()];
  using _wishes = tellWishes(log.tell, stop);
  stop.stop("SIGINT");
  stop.stop("SIGTERM");
  await Promise.resolve();
  assertEquals(said(log), ["caller: SIGINT", "caller: a second signal: at once"]);
});
