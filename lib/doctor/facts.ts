/**
 * What was seen of a host, before anybody says what it means: facts of collect.sh, and what berth's own code has tried.
 *
 * @module
 */

import type { Containment } from "../cgroup/driver.ts";
import type { Area } from "./finding.ts";

/** Lines that collect.sh has printed for one area. */
export class Facts {
  readonly #lines: readonly (readonly [key: string, value: string])[];

  constructor(text: string) {
    const lines = text.split("\n").filter((line) => line);
    this.#lines = lines.map((line) => [line.split(" ", 1)[0], line.slice(line.indexOf(" ") + 1).trim()]);
  }

  /** The value of a key; undefined when nobody could tell. */
  get(key: string): string | undefined {
    return this.all(key)[0];
  }

  /** All values of a key that has several. */
  all(key: string): string[] {
    return this.#lines.filter(([name]) => name === key).map(([, value]) => value);
  }

  /** A value that is a whole number. */
  number(key: string): number | undefined {
    const value = this.get(key);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
  }
}

/** Result of a try, or why it could not be done. */
export type Tried<T> = { readonly value: T } | { readonly problem: string };

/** Success of a try, and its words. */
export interface Outcome {
  readonly works: boolean;
  readonly detail: string;
}

/** Success of a guest that was run on an accelerator. */
export interface GuestOutcome extends Outcome {
  /** It was cut: the guest hung, or the host was busy. */
  readonly timedOut?: boolean;
}

/** Obstacle to groups for VMs: an error of berth's. */
export interface Obstacle {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** The unit that this process is in, where systemd has one. */
  readonly unit?: { readonly name: string; readonly user: boolean };
}

/**
 * Results of what berth's host process has tried, as JSON has it: `null` is nothing. Absent is what nobody wanted to
 * know.
 */
export interface Tries {
  /** A guest on KVM; null when there is no node that could be opened. */
  readonly kvm?: Tried<GuestOutcome | null>;
  /** The default image's kernel on KVM, where that runs a guest; null when there is no such image. */
  readonly kernel?: Tried<Outcome | null>;
  /** What berth remembers of KVM, and goes by. */
  readonly remembered?: Tried<Outcome | null>;
  /** An emulated guest; null when KVM works. */
  readonly emulation?: Tried<GuestOutcome | null>;
  /** A program in a jail. */
  readonly jail?: Tried<Outcome>;
  /** A small ext4 file system. */
  readonly mkfs?: Tried<Outcome>;
  readonly containment?: Tried<Containment | Obstacle>;
  /** Images, and why one can't be run. */
  readonly images?: Tried<readonly { readonly name: string; readonly problem?: string }[]>;
  /** Guests that went on from the saved state of another; null when there is no default image. */
  readonly clones?: Tried<Outcome | null>;
  /** What `berth gc` would remove. */
  readonly leftJobs?: Tried<readonly string[]>;
  readonly leftGroups?: Tried<readonly string[]>;
  readonly leftFiles?: Tried<readonly string[]>;
}

/** Facts and tries of a host, all of them. */
export interface Seen {
  readonly isRoot: boolean;
  /** The state folder, as the user named it. */
  readonly stateDir: string;
  /** The facts of each area that collect.sh was asked about, or why there are none. */
  readonly facts: Partial<Readonly<Record<Area, Tried<Facts>>>>;
  /** What the host process has tried, or why it could not be started; absent when there was nothing to try. */
  readonly tries?: Tried<Tries>;
}
