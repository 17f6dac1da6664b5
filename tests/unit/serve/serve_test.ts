import { assert, assertEquals } from "@std/assert";
import { Calls, type Host, serve } from "../../../lib/serve/serve.ts";

const HOUR_MS = 3_600_000;
const PACE = { sweepEveryMs: HOUR_MS, sweepMostMs: HOUR_MS };

/** A host that writes down what is asked of it, and does something at each sweep. */
function recorder(onSweep: (count: number, stop: AbortSignal) => Promise<void> | void): { host: Host; log: string[] } {
  const log: string[] = [];
  let sweeps = 0;
  const host: Host = {
    async sweep(stop) {
      log.push("sweep");
      await onSweep(++sweeps, stop);
      return `sweep ${sweeps}`;
    },
    notify(...state) {
      log.push(state.join(" "));
      return Promise.resolve();
    },
  };
  return { host, log };
}

Deno.test("serve() is ready after its first sweep, and says when it stops", async () => {
  const calls = new Calls();
  const { host, log } = recorder(() => void setTimeout(() => calls.stop()));
  await serve(host, PACE, calls);
  assertEquals(log, ["sweep", "READY=1 STATUS=sweep 1", "STOPPING=1"]);
});

Deno.test("serve() reloads by a sweep, and several calls meanwhile are one", async () => {
  const calls = new Calls();
  const { host, log } = recorder((count) => {
    if (count === 1) { for (let turn = 0; turn < 3; turn++) calls.reload(); }
    if (count === 2) setTimeout(() => calls.stop());
  });
  await serve(host, PACE, calls);
  assertEquals(log, [
    ...["sweep", "READY=1 STATUS=sweep 1"],
    ...["RELOADING=1", "sweep", "READY=1 STATUS=sweep 2", "STOPPING=1"],
  ]);
});

Deno.test("serve() sweeps every so often, and is not ready anew for that", async () => {
  const calls = new Calls();
  const { host, log } = recorder((count) => count === 3 ? calls.stop() : undefined);
  await serve(host, { ...PACE, sweepEveryMs: 1 }, calls);
  assertEquals(log, ["sweep", "READY=1 STATUS=sweep 1", "sweep", "STATUS=sweep 2", "sweep", "STOPPING=1"]);
});

Deno.test("serve() cuts a sweep short when it is to stop, and is never ready then", async () => {
  const calls = new Calls();
  const { host, log } = recorder((_, stop) => {
    setTimeout(() => calls.stop());
    return new Promise((resolve) => stop.addEventListener("abort", () => resolve()));
  });
  await serve(host, PACE, calls);
  assertEquals(log, ["sweep", "STOPPING=1"]);
});

/** How often the watchdog is fed during a sweep that takes a while. */
async function countBeats(sweepMostMs: number): Promise<number> {
  const calls = new Calls();
  let beats = 0;
  const { host } = recorder(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    calls.stop();
  });
  const watched: Host = {
    ...host,
    notify(...state) {
      if (state[0] === "WATCHDOG=1") beats++;
      return Promise.resolve();
    },
  };
  await serve(watched, { ...PACE, sweepMostMs, watchdogMs: 6 }, calls);
  return beats;
}

Deno.test("serve() feeds the watchdog during a sweep, too", async () => {
  assert(await countBeats(HOUR_MS) > 0);
});

Deno.test("serve() feeds no watchdog when a sweep hangs", async () => {
  assertEquals(await countBeats(0), 0);
});

Deno.test("Calls: to stop comes first, and stays", async () => {
  const calls = new Calls();
  calls.reload();
  calls.stop();
  assertEquals([await calls.next(HOUR_MS), await calls.next(HOUR_MS)], ["stop", "stop"]);
});
