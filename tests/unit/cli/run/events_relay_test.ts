// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EventsRelay, type RelayOptions } from "../../../../lib/cli/run/events_relay.ts";
import relayScript from "../../../../lib/host/relay.sh" with { type: "text" };
import type { Told } from "../../../../lib/job/events.ts";
import { temporaryFolder } from "../../../support/temp.ts";

/** A host process's place: the relay is started as windows.sh does it, and the process stays. */
const SCRIPT = `set -eu
run=$1 self=$1/self
${relayScript}
mkdir "$self"
open_descriptor events
exec 3>"$2"
start_relay
echo there
exec cat`;

interface Scene extends AsyncDisposable {
  readonly relay: EventsRelay;
  readonly broken: unknown[];
  /** The whole of what the descriptor has got, when nobody has it open any more. */
  rest(): Promise<string>;
  /** Ends the process that the relay belongs to. */
  kill(): void;
  closeReader(): void;
}

/** A relay to a pipe, of which the test is the reader. */
async function begin(change: Partial<RelayOptions> = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder());
  const target = `${path}/target`;
  await new Deno.Command("sh", { args: ["-c", 'mkfifo "$1"', "sh", target] }).output();
  const args = ["-c", SCRIPT, "sh", path, target];
  const child = new Deno.Command("sh", { args, stdin: "piped", stdout: "piped" }).spawn();
  stack.use(child);
  const reader = await Deno.open(target, { read: true });
  const said = child.stdout.getReader();
  assertEquals(new TextDecoder().decode((await said.read()).value), "there\n");
  stack.defer(async () => {
    await child.stdin.close().catch(() => {});
    await said.cancel();
  });
  const broken: unknown[] = [];
  const options = { nameOf: (text: string) => text, onBroken: (error: unknown) => broken.push(error) };
  const hurry = new AbortController().signal;
  const relay = await EventsRelay.open(`${path}/self/events`, { ...options, hurry, ...change });
  const owned = stack.move();
  return {
    relay,
    broken,
    rest: () => new Response(reader.readable).text(),
    kill: () => child.kill("SIGKILL"),
    closeReader: () => reader.close(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** An event with a number. @param more makes it longer. */
function event(atMs: number, more = ""): Told {
  return { kind: "trouble", text: `it is\nfull${more}`, atMs };
}

function numbers(lines: string): number[] {
  return lines.trimEnd().split("\n").map((line) => JSON.parse(line).atMs);
}

Deno.test("EventsRelay has delivered all events, in order, when it is closed", async () => {
  await using scene = await begin();
  const rest = scene.rest();
  for (let count = 0; count < 2000; count++) scene.relay.tell(event(count));
  await scene.relay[Symbol.asyncDispose]();
  scene.kill();
  assertEquals(numbers(await rest), Array.from({ length: 2000 }, (_, index) => index));
  assertEquals(scene.broken, []);
});

Deno.test("EventsRelay says once that its reader is gone, and throws nothing", async () => {
  await using scene = await begin();
  scene.closeReader();
  // A child that another test starts has a copy of the reader's end until it is its program.
  for (let count = 0; count < 500 && scene.broken.length === 0; count++) {
    scene.relay.tell(event(count));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  scene.relay.tell(event(501));
  await scene.relay[Symbol.asyncDispose]();
  assertEquals(scene.broken.map((error) => error instanceof Deno.errors.BrokenPipe), [true]);
});

Deno.test("EventsRelay keeps a bounded number of events for who does not read, says so once, and cuts no line", async () => {
  await using scene = await begin();
  const more = "x".repeat(1000);
  for (let count = 0; count < 3000; count++) scene.relay.tell(event(count, more));
  assertEquals(scene.broken.length, 1);
  assertStringIncludes(String(scene.broken[0]), " of them to take first");
  const rest = scene.rest();
  await scene.relay[Symbol.asyncDispose]();
  scene.kill();
  const got = numbers(await rest);
  assertEquals(got, Array.from({ length: got.length }, (_, index) => index));
  assert(got.length > 900 && got.length < 1100, `${got.length}`);
  assertEquals(scene.broken.length, 1);
});

Deno.test("EventsRelay waits for a reader that does not read, but not for ever, and less when somebody wants to go", async () => {
  for (const change of [{ patienceMs: 1 }, { hurry: AbortSignal.abort() }]) {
    await using scene = await begin(change);
    const more = "x".repeat(1000);
    for (let count = 0; count < 500; count++) scene.relay.tell(event(count, more));
    await scene.relay[Symbol.asyncDispose]();
    assertEquals(scene.broken.map((error) => (error as Error).message), ["nobody took the last of them in time"]);
    // What is under way ends with the test.
    assertEquals(numbers(await scene.rest()).length, 500);
  }
});

Deno.test("the relay ends with the host process, however that ends and whoever does not read", async () => {
  await using scene = await begin();
  const more = "x".repeat(1000);
  for (let count = 0; count < 500; count++) scene.relay.tell(event(count, more));
  scene.kill();
  // It ends for the reader, though this end of the FIFO is still open.
  assert((await scene.rest()).length < 500_000);
  scene.relay.tell(event(500));
  await scene.relay[Symbol.asyncDispose]();
  assertEquals(scene.broken.map((error) => error instanceof Deno.errors.BrokenPipe), [true]);
});
