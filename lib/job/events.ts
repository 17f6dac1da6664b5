/**
 * What is told of a job: one stream of events, in the order in which they happen. Its report, what is said on the console
 * and what `--events` writes are made of it.
 *
 * @module
 */

import { aborted } from "../base/deadline.ts";
import { printable } from "../base/bytes_text.ts";
import type { MachineEvent, Tell } from "../machine/events.ts";
import type { Delivery } from "./output/source.ts";
import type { StopRequest } from "./stop.ts";
import type { Verdict } from "./verdict.ts";

/** The version of what `--events` writes. It grows when something is taken away or means another thing. */
export const EVENTS_VERSION = 1;

/** What a job tells, its machine's events among them. */
export type JobEvent =
  | MachineEvent
  /** The first one. */
  | {
    readonly kind: "job";
    readonly version: number;
    readonly id: string;
    readonly name?: string;
    readonly image: string;
  }
  /** Whether the job has started, or may have. */
  | { readonly kind: "started"; readonly started: boolean }
  /** Something that is not among the artifacts, and why. */
  | { readonly kind: "left-out"; readonly what: string }
  /** What became of a stream of the job's. */
  | { readonly kind: "output"; readonly stream: "stdout" | "stderr"; readonly delivery: Delivery }
  | { readonly kind: "verdict"; readonly verdict: Verdict };

/** An event, and when it was. */
export type Told = JobEvent & {
  /** Milliseconds since the job's start. */
  readonly atMs: number;
};

/** More than any honest job causes; a guest that talks without end must not fill the report, nor this memory. */
const MOST_SEEN = 100;
const LONGEST_CHARS = 300;

/** Takes events, stamps them, keeps them and hands them to who wants them. */
export class EventLog {
  readonly #told: Told[] = [];
  readonly #started = performance.now();
  readonly #consume: Tell<Told>;
  #seen = 0;
  #dropped = 0;

  /** @param consume is told of each event as it happens, before anything else does. */
  constructor(consume: Tell<Told> = () => {}) {
    this.#consume = consume;
  }

  /** Takes an event. */
  readonly tell = (event: JobEvent): void => {
    if (event.kind !== "seen") return this.#take(event);
    // What a guest can cause without end is cut; what the host sees by itself is not.
    if ((event.source === "agent" || event.source === "qmp") && this.#seen >= MOST_SEEN) {
      this.#dropped++;
      return;
    }
    this.#seen++;
    this.#take({ ...event, what: printable(event.what).slice(0, LONGEST_CHARS) });
  };

  #take(event: JobEvent): void {
    const told = { ...event, atMs: Math.round(performance.now() - this.#started) };
    this.#told.push(told);
    this.#consume(told);
  }

  /** Says how much was left out, if anything was. */
  tellDropped(): void {
    if (this.#dropped === 0) return;
    this.tell({ kind: "seen", source: "berth", what: `the guest caused ${this.#dropped} entries more` });
    this.#dropped = 0;
  }

  /** All of them so far. */
  list(): readonly Told[] {
    return this.#told;
  }
}

/** Tells of each wish that a job end, when it comes. */
export function tellWishes(tell: Tell<JobEvent>, stop: StopRequest): Disposable {
  const [asked, insisted] = [aborted(stop.requested), aborted(stop.insisted)];
  const say = (what: string) => tell({ kind: "seen", source: "caller", what });
  void asked.promise.then(() => say(stop.reason!));
  void insisted.promise.then(() => say("a second signal: at once"));
  return { [Symbol.dispose]: () => [asked, insisted].forEach((one) => one[Symbol.dispose]()) };
}
