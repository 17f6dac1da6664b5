/**
 * One attempt to have a VM whose guest is this job's: from the VMM's start to the agent's hello.
 *
 *     boots       launch, qmp, ready: the guest is up and nobody's, saved: its state was kept for others, hello
 *     goes on     launch, qmp, restored: the state of such a guest is there, hello
 *
 * @module
 */

import { aborted, DeadlineError, orAborted, settlesWithin, within } from "../base/deadline.ts";
import { BerthError, describeError } from "../base/errors.ts";
import type { GuestConnection } from "../guest/hub.ts";
import { clearIdentity, type Identity, writeIdentity } from "../guest/identity.ts";
import type { GuestLink } from "../guest/link.ts";
import { Session } from "../guest/session.ts";
import type { OpenVmm, Vm, VmPlan } from "../vmm/vmm.ts";
import type { Failure } from "./boot_failure.ts";
import type { Tell } from "./events.ts";
import type { Point } from "./points.ts";
import type { Templates } from "./templates.ts";

/** What an attempt needs beside its plan. */
export interface AttemptIo {
  readonly link: Pick<GuestLink, "ready" | "ask" | "agent" | "forget">;
  readonly vmm: Pick<OpenVmm, "boot" | "title">;
  /** Who the guest is, and the file that it reads that from. */
  readonly identity: Identity;
  readonly identityFile: Deno.FsFile;
  /** Aborted when nobody waits for the VM any more. */
  readonly stop: AbortSignal;
  /** Aborted when the VM has to go at once. */
  readonly kill: AbortSignal;
  readonly tell: Tell;
  /** Told what the VMM says. */
  readonly onWords: (piece: string) => void;
}

/** How an attempt is made. */
export interface AttemptPlan {
  readonly vm: VmPlan;
  readonly timeoutMs: number;
  /** Where the state of a guest that boots is kept; absent: nowhere. */
  readonly templates?: Pick<Templates, "begin">;
}

/** A VM that waits for what it is to do. */
export interface Attempted {
  readonly vm: Vm;
  readonly session: Session;
  /** Whether its state was kept for others, or why not. */
  readonly saved: true | string;
  /** How long its guest stood still for that. */
  readonly saveMs: number;
}

/** Longest that the state of a guest may take to be there. */
const SAVE_MS = 120_000;

/** Makes it. The caller owns what comes back. */
export async function attempt(plan: AttemptPlan, io: AttemptIo): Promise<Attempted | Failure> {
  await using stack = new AsyncDisposableStack();
  const tries = new Attempt(plan, io, stack);
  const result = await tries.make();
  if ("vm" in result) stack.move();
  return result;
}

class Attempt {
  readonly #plan: AttemptPlan;
  readonly #io: AttemptIo;
  readonly #vm: Vm;
  readonly #hello: Promise<GuestConnection>;
  readonly #ready: ReturnType<GuestLink["ready"]>;
  #leftMs: number;
  #saved: true | string = "its first boot came to nothing";
  #saveMs = 0;

  constructor(plan: AttemptPlan, io: AttemptIo, stack: AsyncDisposableStack) {
    const { link, vmm, tell, onWords } = io;
    this.#plan = plan;
    this.#io = io;
    this.#leftMs = plan.timeoutMs;
    this.#hello = link.agent();
    this.#ready = link.ready(plan.vm.nonce);
    stack.defer(() => link.forget());
    this.#point("launch");
    this.#vm = stack.use(vmm.boot(plan.vm, {
      onConnected: () => this.#point("qmp"),
      onEvent: (source, what) => tell({ kind: "seen", source, what }),
      onWords,
    }));
    this.#point("launched");
  }

  #point(point: Point): void {
    this.#io.tell({ kind: "point", point });
  }

  async make(): Promise<Attempted | Failure> {
    using _killer = killOn(this.#io.kill, this.#vm);
    const failure = this.#plan.vm.state === undefined ? await this.#becomeReady() : await this.#restore();
    return failure ?? await this.#becomeSomebody();
  }

  async #becomeReady(): Promise<Failure | undefined> {
    const outcome = await this.#wait(this.#ready);
    if (outcome.kind !== "reached") return outcome;
    this.#point("ready");
    const begunMs = performance.now();
    if (this.#plan.templates) await this.#save(this.#plan.templates, outcome.value.isUnfit);
    this.#saveMs = performance.now() - begunMs;
  }

  /** A guest whose state can't be kept goes on as if nobody had wanted to. */
  async #save(templates: Pick<Templates, "begin">, isUnfit: boolean): Promise<void> {
    if (isUnfit) return void (this.#saved = "its kernel has read the job's disks, or its root can't be put together");
    try {
      const { unfinished, why = "" } = await templates.begin();
      if (!unfinished) return void (this.#saved = why);
      await using writing = unfinished;
      const saving = orAborted(this.#vm.save((piece) => writing.write(piece)), this.#io.stop);
      await within(saving, SAVE_MS, "the guest's state to be saved");
      await writing.commit(this.#plan.vm.nonce);
      this.#saved = true;
      this.#point("saved");
    } catch (error) {
      this.#saved = describeError(error);
      if (!this.#io.stop.aborted) {
        this.#io.tell({ kind: "note", text: `the guest's state is not kept for others: ${this.#saved}` });
      }
    }
  }

  async #restore(): Promise<Failure | undefined> {
    const { restored } = this.#vm;
    const outcome = await this.#wait(restored.then(() => undefined, describeError));
    this.#io.tell({ kind: "phase", phase: "restore" });
    if (outcome.kind !== "reached") return outcome;
    if (outcome.value !== undefined) return await this.#refused(outcome.value);
    this.#point("restored");
  }

  /** It can't go on from its state. A QEMU that ends with that, or by somebody else, tells more by its end. */
  async #refused(why: string): Promise<Failure> {
    const { stop } = this.#io;
    if (await settlesWithin(this.#vm.exited, ENDING_MS, stop)) return { kind: "exit", exit: await this.#vm.exited };
    return stop.aborted ? { kind: "stopped" } : { kind: "refused", why };
  }

  async #becomeSomebody(): Promise<Attempted | Failure> {
    const { link, identity, identityFile, tell } = this.#io;
    writeIdentity(identityFile, identity);
    try {
      if (this.#plan.vm.state !== undefined) await this.#vm.resume();
      using _asked = link.ask(this.#plan.vm.nonce);
      const outcome = await this.#wait(this.#hello);
      if (outcome.kind !== "reached") return outcome;
      const hear = (what: string) => tell({ kind: "seen", source: "agent", what });
      hear("hello");
      this.#point("hello");
      const session = new Session(outcome.value, hear, this.#plan.vm.lanes);
      return { vm: this.#vm, session, saved: this.#saved, saveMs: this.#saveMs };
    } catch (error) {
      if (error instanceof BerthError) return await this.#refused(describeError(error));
      throw error;
    } finally {
      clearIdentity(identityFile);
    }
  }

  /** Waits for something of the guest's, as long as the attempt may take. */
  async #wait<T>(wanted: Promise<T>): Promise<Failure | { readonly kind: "reached"; readonly value: T }> {
    using stopped = aborted(this.#io.stop);
    const begunMs = performance.now();
    const first = Promise.race<Failure | { readonly kind: "reached"; readonly value: T }>([
      wanted.then((value) => ({ kind: "reached", value })),
      this.#vm.exited.then((exit) => ({ kind: "exit", exit })),
      stopped.promise.then(() => ({ kind: "stopped" })),
    ]);
    try {
      return await within(first, Math.max(0, this.#leftMs), "the guest");
    } catch (error) {
      if (error instanceof DeadlineError) return { kind: "hung" };
      throw error;
    } finally {
      this.#leftMs -= performance.now() - begunMs;
    }
  }
}

/** How long a VMM that has failed may take to end. */
const ENDING_MS = 2000;

/** Kills the VM as soon as the signal is aborted. */
export function killOn(signal: AbortSignal, vm: Vm): Disposable {
  const killer = aborted(signal);
  void killer.promise.then(() => vm.kill());
  return killer;
}
