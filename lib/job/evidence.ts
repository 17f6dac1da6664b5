/**
 * What was seen of a job, by whom, and when: what its verdict rests on.
 *
 * @module
 */

import { aborted } from "../base/deadline.ts";
import { printable } from "../base/bytes_text.ts";
import type { StopRequest } from "./stop.ts";

/**
 * Who saw it. The guest's own account is `agent`; it may be the word of a job that has taken its guest over. All others
 * are out of a guest's reach: the VMM by its protocol (`qmp`) and as a process (`vmm`), the kernel's counters of the
 * VM's group (`cgroup`), who called berth (`caller`), and berth itself.
 */
export type Witness = "agent" | "qmp" | "vmm" | "cgroup" | "caller" | "berth";

/** One thing that was seen. */
export interface Evidence {
  /** Milliseconds since the job's start. */
  readonly atMs: number;
  readonly source: Witness;
  readonly what: string;
}

/** More than any honest job causes; a guest that talks without end must not fill the report. */
const MOST = 100;
const LONGEST_CHARS = 300;

/** Notes what is seen, in order. */
export class EvidenceLog {
  readonly #entries: Evidence[] = [];
  readonly #started = performance.now();
  #dropped = 0;

  note(source: Witness, what: string): void {
    // What a guest can cause without end is cut; what the host sees by itself is not.
    if ((source === "agent" || source === "qmp") && this.#entries.length >= MOST) {
      this.#dropped++;
      return;
    }
    const atMs = Math.round(performance.now() - this.#started);
    this.#entries.push({ atMs, source, what: printable(what).slice(0, LONGEST_CHARS) });
  }

  list(): readonly Evidence[] {
    if (this.#dropped === 0) return this.#entries;
    const atMs = Math.round(performance.now() - this.#started);
    return [...this.#entries, { atMs, source: "berth", what: `the guest caused ${this.#dropped} entries more` }];
  }
}

/** Notes each wish that a job end, when it comes. */
export function noteWishes(evidence: EvidenceLog, stop: StopRequest): Disposable {
  const [asked, insisted] = [aborted(stop.requested), aborted(stop.insisted)];
  void asked.promise.then(() => evidence.note("caller", stop.reason!));
  void insisted.promise.then(() => evidence.note("caller", "a second signal: at once"));
  return { [Symbol.dispose]: () => [asked, insisted].forEach((one) => one[Symbol.dispose]()) };
}
