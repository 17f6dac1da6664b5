/**
 * What a flag is: one value, of which the parser, the help, the completions and the configuration are made.
 *
 * @module
 */

import type { ArtifactRequest, CacheRequest, RateRequest, VolumeRequest } from "../../job/request/request.ts";
import type { UidRange } from "../../machine/vm_user.ts";
import type { JobKey, ValueOf } from "../../job/request/rules.ts";

/** A flag, as the help shows it. */
export interface Flag {
  readonly name: string;
  /**
   * What its value is called; absent: the flag has none. Words in small letters stand for themselves. DIR, FILE and PATH
   * are of the host, and completed as such; GUEST is a path in the guest.
   */
  readonly value?: string;
  readonly help: string;
  /** What counts when nobody gives it; absent: nothing that needs a word. */
  readonly default?: Default;
  /** May be given more than once. */
  readonly repeats?: boolean;
  /** Its value may be a lone `-`, which is standard input. */
  readonly takesDash?: boolean;
  /** Belongs to a capability that is still to come. */
  readonly notYet?: boolean;
  /** Says something of the job's environment. */
  readonly isEnvironment?: boolean;
  /** A host may configure its default. */
  readonly setting?: boolean;
}

/** A default, as the help shows it. */
export interface Default {
  /** As the flag takes it, written from where it is applied; absent: no value is like it. */
  readonly value?: string;
  /** What it means, in words. */
  readonly means?: string;
}

/** What a flag does, and what counts without it: the one text that help, completions and documentation have. */
export function flagHelp({ help, default: fallback }: Pick<Flag, "help" | "default">): string {
  if (!fallback) return help;
  const { value, means } = fallback;
  return `${help} (default${value === undefined ? "" : ` ${value}`}${means === undefined ? "" : `: ${means}`})`;
}

/** The kinds of values, and what a text of each becomes: see kinds.ts. A switch has no text. */
export interface Kinds {
  readonly text: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly count: number;
  readonly rates: RateRequest;
  readonly volume: VolumeRequest;
  readonly cache: CacheRequest;
  readonly artifact: ArtifactRequest;
  readonly range: UidRange;
  readonly switch: true;
}

/** Name of a kind. */
export type Kind = keyof Kinds;

/** The kinds that can make a value of this type. */
type KindOf<T> = { [K in Kind]: T extends Kinds[K] ? K : Kinds[K] extends T ? K : never }[Kind];

/** What a flag that repeats has several of. */
type ItemOf<T> = T extends readonly (infer Item)[] ? Item : T;

/** A flag that says a part of a job: the key of the request, and how its text is read. */
export type JobFlag = Flag & { [K in JobKey]: { readonly key: K; readonly kind: KindOf<ItemOf<ValueOf<K>>> } }[JobKey];

/** The flag that says one part of a job. */
export type FlagOf<K extends JobKey> = Extract<JobFlag, { readonly key: K }>;

/** Whether a flag says a part of a job. The others say where its environment is, or how it is told. */
export function isJobFlag(flag: Flag): flag is JobFlag {
  return "key" in flag;
}
