/**
 * The daemon's life: it keeps the host tidy until it is told to end.
 *
 * @module
 */

/** What somebody, or the clock, wants of the daemon. */
export type Call = "stop" | "reload" | "due";

/** What the daemon has of the host. */
export interface Host {
  /**
   * Removes what killed berths have left.
   *
   * @param stop ends it before its time.
   * @returns a line for the operator about what was found. It does not throw.
   */
  sweep(stop: AbortSignal): Promise<string>;
  /** Tells the service manager: assignments as of sd_notify(3). It does not throw. */
  notify(...state: readonly string[]): Promise<void>;
}

/** How often things are due, and how long they may take. */
export interface Pace {
  readonly sweepEveryMs: number;
  /** A sweep that takes longer than this hangs, and so does the daemon. */
  readonly sweepMostMs: number;
  /** The service manager's patience; undefined when it does not watch. */
  readonly watchdogMs?: number;
}

/** What reaches the daemon from outside, in its order. */
export class Calls {
  readonly #stop = new AbortController();
  #reload = false;
  #wake = () => {};

  /** Aborted when the daemon is to end. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** Ends the daemon; what it is at is cut short. */
  stop(): void {
    this.#stop.abort();
    this.#wake();
  }

  /** Several that come during a sweep are one. */
  reload(): void {
    this.#reload = true;
    this.#wake();
  }

  /** Waits for the next one, `dueMs` at most. */
  async next(dueMs: number): Promise<Call> {
    if (!this.#pending()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, dueMs);
        this.#wake = () => (clearTimeout(timer), resolve());
      });
    }
    const call = this.#pending() ?? "due";
    if (call === "reload") this.#reload = false;
    return call;
  }

  #pending(): Call | undefined {
    if (this.stopped.aborted) return "stop";
    return this.#reload ? "reload" : undefined;
  }
}

/**
 * Sweeps at once, whenever it is told to reload, and every so often. It is ready when the first sweep is over: whoever
 * waits for it finds a tidy host.
 */
export async function serve(host: Host, pace: Pace, calls: Calls): Promise<void> {
  let hangsAt = Infinity;
  await using _heart = beat(host, pace, () => performance.now() < hangsAt);
  let call: Call = "reload";
  while (call !== "stop") {
    hangsAt = performance.now() + pace.sweepMostMs;
    const status = await host.sweep(calls.stopped);
    hangsAt = Infinity;
    if (calls.stopped.aborted) break;
    const ready = call === "reload" ? ["READY=1"] : [];
    await host.notify(...ready, `STATUS=${status}`);
    call = await calls.next(pace.sweepEveryMs);
    if (call === "reload") await host.notify("RELOADING=1");
  }
  await host.notify("STOPPING=1");
}

/** Tells the watchdog that all is well, as long as it is. */
function beat(host: Host, { watchdogMs }: Pace, isWell: () => boolean): AsyncDisposable {
  let told = Promise.resolve();
  const tell = () => {
    if (isWell()) told = told.then(() => host.notify("WATCHDOG=1"));
  };
  // Half of it is what sd_watchdog_enabled(3) recommends; a third leaves room for a busy host.
  const timer = watchdogMs === undefined ? undefined : setInterval(tell, watchdogMs / 3);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await told;
    },
  };
}
