/**
 * The daemon's life: the front process stays, and starts a host process for each sweep. That one reads the configuration
 * anew, and what it took is gone with it.
 *
 * @module
 */

import { DeadlineError } from "../../base/deadline.ts";
import { captureFront, type FrontOptions } from "../../host/front.ts";
import { notifyManager } from "../../serve/notify.ts";
import { Calls, type Host, serve } from "../../serve/serve.ts";
import { planCall } from "../call.ts";
import { readServiceManager } from "../config/surroundings.ts";
import { GC } from "../gc/gc.ts";
import type { Console } from "../terminal/console.ts";

/** A store with a hundred images, on a slow disk, takes seconds: beyond this, something hangs. The unit knows it. */
export const SWEEP_MS = 300_000;
/** How long it may take to be killed then, and to say so. */
const SPARE_MS = 30_000;

/** Runs until it is told to end. @throws {BerthError} `config.*`: at its start the configuration has to be right. */
export async function runDaemon(everyMs: number, words: Console, mainModule: string): Promise<void> {
  // A daemon that could not do anything is not to look as if it did.
  const { self } = await planSweep(mainModule);
  await keepTidy(everyMs, words, async () => ({ ...await planSweep(mainModule), self }));
}

/** How to start the host process of a sweep, as it is configured at this moment. @throws {BerthError} `config.*`. */
async function planSweep(mainModule: string): Promise<FrontOptions> {
  return (await planCall({ path: ["gc"], command: GC }, ["--json"], mainModule)).call.host;
}

/** @param plan how to sweep; by the path that berth was started by, as another version may have come to be there. */
async function keepTidy(everyMs: number, words: Console, plan: () => Promise<FrontOptions>): Promise<void> {
  const { socket, watchdogMs } = readServiceManager();
  const calls = new Calls();
  words.hurryOn(calls.stopped);
  using _listening = listen(calls);
  const host: Host = {
    sweep: (stop) => sweep(plan, words, stop),
    notify: async (...state) => {
      if (socket) await notifyManager(socket, state).catch((error) => words.error(error));
    },
  };
  await serve(host, { sweepEveryMs: everyMs, sweepMostMs: SWEEP_MS + SPARE_MS, watchdogMs }, calls);
}

function listen(calls: Calls): Disposable {
  const listeners = { SIGTERM: () => calls.stop(), SIGINT: () => calls.stop(), SIGHUP: () => calls.reload() };
  const signals = Object.entries(listeners) as [keyof typeof listeners, () => void][];
  for (const [signal, listener] of signals) Deno.addSignalListener(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of signals) Deno.removeSignalListener(signal, listener);
    },
  };
}

/** Says what was found, as `berth gc` does, and nothing when that was nothing. */
async function sweep(plan: () => Promise<FrontOptions>, words: Console, stop: AbortSignal): Promise<string> {
  const began = performance.now();
  try {
    const { stdout, stderr, code } = await captureFront(await plan(), SWEEP_MS, stop);
    const found = parseFound(stdout);
    if (found?.removed === 0 && found.left === 0) return "nothing was left";
    if (!found && stop.aborted) return "told to end";
    await words.pass(new TextEncoder().encode(stderr));
    if (found) return `removed: ${found.removed}, left: ${found.left}`;
    if (performance.now() - began >= SWEEP_MS) throw new DeadlineError("a sweep, which was killed", SWEEP_MS);
    words.error(`the sweep ended with status ${code} and told nothing`);
  } catch (error) {
    words.error(error);
  }
  return "the last sweep failed; the log says why";
}

/** How much `berth gc --json` tells of; undefined when it does not. */
export function parseFound(json: string): { removed: number; left: number } | undefined {
  try {
    const { jobs, groups, files, freedBytes, left } = JSON.parse(json);
    const removed = jobs.length + groups.length + files.length + (freedBytes ? 1 : 0);
    return Number.isInteger(removed) && Number.isInteger(left.length) ? { removed, left: left.length } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
