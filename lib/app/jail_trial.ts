/**
 * Decides whether a VMM is jailed, and as which user of the host.
 *
 * @module
 */

import { exists } from "@std/fs";
import { BerthError } from "../base/errors.ts";
import { groupsFor } from "../host/nodes.ts";
import { HOST_FACTS, ROOT, USERS } from "../host/windows.ts";
import type { JobRequest } from "../job/request/request.ts";
import { takeUser, type UidRange } from "../machine/vm_user.ts";
import { type JailProblem, jailProblem } from "../process/jail_check.ts";
import { planFilter } from "../process/seccomp.ts";
import type { VmJail, VmmTraits } from "../vmm/vmm.ts";
import { VMM_TRAITS } from "./vmm.ts";

const FILTER = `${ROOT}/filter.bpf`;

/** The jail of a VMM, and its user, which nobody else gets until this is disposed. */
export interface OpenJail extends Disposable {
  readonly jail: VmJail;
  /** Why the jail does not work. */
  readonly problem?: JailProblem;
  /** Why root's VMM is root in there. */
  readonly rootProblem?: string;
}

/** Makes what a jail needs, and tries it. @param signal ends that. @throws {BerthError} `host.users`. */
export async function tryJail({ uidRange }: Pick<JobRequest, "uidRange">, signal?: AbortSignal): Promise<OpenJail> {
  await Deno.writeFile(FILTER, planFilter());
  using stack = new DisposableStack();
  const isRoot = await exists(USERS);
  const rootProblem = isRoot ? missingUsers(await Deno.readTextFile(`${HOST_FACTS}/uid_map`), uidRange) : undefined;
  const user = isRoot && !rootProblem ? stack.use(await takeUser(uidRange)).uid : undefined;
  const jail = { filter: FILTER, ...(user === undefined ? {} : { user }) };
  const problem = await jailProblem(jail, signal);
  const taken = stack.move();
  return { jail, problem, rootProblem, [Symbol.dispose]: () => taken.dispose() };
}

/** What a user namespace lacks of a range: a container's may have few users. Pure. @param uidMap as in /proc. */
export function missingUsers(uidMap: string, { first, last }: UidRange): string | undefined {
  const parts = uidMap.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  if (parts.some(([start, _outside, count]) => start <= first && last < start + count)) return undefined;
  return `this user namespace has not all of the users ${first} to ${last}`;
}

/**
 * Whether a job's VMM would be a user of its own, if jails work here: root's would. The user namespace of anybody else has
 * no other user in it. Pure. @param uidMap as in /proc.
 */
export function wouldBeOther({ jail, uidRange }: Pick<JobRequest, "jail" | "uidRange">, uidMap: string): boolean {
  return jail !== "off" && missingUsers(uidMap, uidRange) === undefined;
}

/** Whether a VMM may not open KVM's node. @param isOther whether it is a user of its own. */
export async function isKvmDenied(isOther: boolean, vmm: Pick<VmmTraits, "devices">): Promise<boolean> {
  return isOther && (await Promise.all(vmm.devices("kvm").map(groupsFor))).includes(undefined);
}

/** The search for a job's jail, which begins at once. Disposing it ends it, and gives free what was taken. */
export class JailTrial implements AsyncDisposable {
  readonly #disposed = new AbortController();
  /**
   * The jail of the job's VMM; undefined for one that gets none.
   *
   * @throws {BerthError} `host.jail`, `host.users` where it is required: by the job, or for root, who has most to lose.
   */
  readonly result: Promise<OpenJail | undefined>;
  /** When nothing of it runs any more; never rejects. */
  readonly ended: Promise<void>;
  /** When there is a result: what the VMM gets less than it could though nobody said so. */
  readonly notes: string[] = [];

  /** @param stop ends it with the signal's reason. */
  constructor(spec: JobRequest, stop: AbortSignal) {
    const signal = AbortSignal.any([stop, this.#disposed.signal]);
    this.result = openJail(spec, signal, (text) => this.notes.push(text));
    // Something else may go wrong before anybody asks for the result.
    this.ended = this.result.then(() => {}, () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    (await this.result.catch(() => undefined))?.[Symbol.dispose]();
  }
}

async function openJail(
  spec: JobRequest,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<OpenJail | undefined> {
  if (spec.jail === "off") return undefined;
  const open = await tryJail(spec, signal);
  const { jail, problem, rootProblem } = open;
  const isRoot = jail.user !== undefined || rootProblem !== undefined;
  const isRequired = spec.jail === "require" || spec.jail === undefined && isRoot;
  const what = problem
    ? `bubblewrap does not work here: ${problem.detail}`
    : rootProblem && `VMMs can't be users of their own: ${rootProblem}`;
  if (what === undefined) return open;
  if (isRequired || problem) open[Symbol.dispose]();
  if (isRequired) throw new BerthError(problem ? "host.jail" : "host.users", what);
  note(problem ? `${VMM_TRAITS.title} runs without its jail: ${what}` : what);
  return problem ? undefined : open;
}
