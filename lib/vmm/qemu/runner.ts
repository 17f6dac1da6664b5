/**
 * Boots a VM with QEMU and owns it until it is gone.
 *
 * @module
 */

import { DeadlineError, settlesWithin, within } from "../../base/deadline.ts";
import { BerthError } from "../../base/errors.ts";
import { type Child, startChild } from "../../process/child.ts";
import { planVmLaunch } from "../launch.ts";
import type { Vm, VmExit, VmPause, VmPlan, VmWatcher } from "../vmm.ts";
import { planQemu } from "./args.ts";
import { Migration } from "./migration.ts";
import { type Launched, planExit } from "./exit.ts";
import type { Qmp, QmpEvent, QmpHub } from "./qmp.ts";
import type { SaveDoor, WriteState } from "./save_door.ts";
import { QEMU_TRAITS } from "./traits.ts";

const WORDS_KEPT = 16 * 1024;
/** How long QEMU may take to end after it was told so by QMP. */
const QUIT_MS = 3000;
const LAST_EVENT_MS = 1000;
/** How long the kernel may take to end a killed QEMU: one that waits for a dead disk of the host ends with that. */
const KILL_MS = 10_000;

/** Where QEMUs dial in. */
export interface Doors {
  readonly hub: QmpHub;
  readonly door: SaveDoor;
}

/** Starts QEMU; it dials in on its own time. */
export function bootQemu(plan: VmPlan, doors: Doors, watcher: VmWatcher): Vm {
  const { command, args } = planVmLaunch(plan, planQemu(plan), QEMU_TRAITS);
  return new QemuVm(startChild({ command, args, stderr: "piped", leadsGroup: true }), plan, doors, watcher);
}

/** Events that tell how a guest ends or why it stands still. */
const TELLING = ["SHUTDOWN", "RESET", "POWERDOWN", "STOP", "RESUME", "GUEST_PANICKED", "BLOCK_IO_ERROR", "WATCHDOG"];

/** A QEMU that its guest has broken says anything; what it means is one of the words of its schema. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && /^[a-z -]{1,40}$/.test(value);
}

class QemuVm implements Vm {
  readonly exited: Promise<VmExit>;
  readonly #paused = Promise.withResolvers<VmPause>();
  readonly #child: Child;
  readonly #name: string;
  readonly #launched: Launched;
  readonly #doors: Doors;
  readonly #watcher: VmWatcher;
  #connected: Qmp | undefined;
  #reason: string | undefined;
  #diskFull = false;
  #isStopped = false;
  #isAsked = false;
  readonly #migration = new Migration();
  readonly #restored = Promise.withResolvers<void>();
  /** It stops its guest, and lets it go on, as berth has told it. */
  #isTold = false;

  constructor(child: Child, plan: VmPlan, doors: Doors, watcher: VmWatcher) {
    const { name, state } = plan;
    this.#child = child;
    this.#name = name;
    this.#launched = plan;
    this.#doors = doors;
    this.#watcher = watcher;
    this.#isTold = state !== undefined;
    this.#restored.promise.catch(() => {});
    void doors.hub.expect(name, (event) => this.#take(event)).then((qmp) => {
      this.#connected = qmp;
      if (this.#isStopped) void this.#askWhy();
      watcher.onConnected();
      if (state !== undefined) this.#migration.restore(qmp).then(this.#restored.resolve, this.#restored.reject);
    });
    this.exited = this.#waitForEnd();
  }

  get paused(): Promise<VmPause> {
    return this.#paused.promise;
  }

  get restored(): Promise<void> {
    return this.#restored.promise;
  }

  async resume(): Promise<void> {
    await this.#qmp().execute("cont");
    this.#isTold = false;
  }

  async save(write: WriteState): Promise<void> {
    const qmp = this.#qmp();
    this.#isTold = true;
    await qmp.execute("stop");
    try {
      await this.#migration.save(qmp, this.#doors.door, write);
    } finally {
      await this.resume();
    }
  }

  #qmp(): Qmp {
    if (this.#connected) return this.#connected;
    throw new BerthError("vmm.qmp", "QEMU has not dialled in");
  }

  #take({ name, data }: QmpEvent): void {
    if (name === "MIGRATION") this.#migration.take(data.status);
    if (!TELLING.includes(name) || (this.#isTold && ["STOP", "RESUME"].includes(name))) return;
    const { reason, action, nospace } = data;
    const details = [reason, action, nospace === true ? "no space" : undefined].filter(isWord);
    this.#watcher.onEvent("qmp", [name, ...details].join(" "));
    if (name === "SHUTDOWN" && isWord(reason)) this.#reason ??= reason;
    if (name === "GUEST_PANICKED") this.#reason = "guest-panic";
    if (name === "BLOCK_IO_ERROR") this.#diskFull ||= nospace === true;
    if (name === "STOP") this.#isStopped = true;
    if (name === "STOP") void this.#askWhy();
  }

  /** It also stops before it ends, and then it does not answer any more. One that stops all the time is asked once. */
  async #askWhy(): Promise<void> {
    if (this.#isAsked || !this.#connected) return;
    this.#isAsked = true;
    let isSlow = false;
    try {
      const { status } = await this.#connected.execute("query-status") as { status: string };
      if (status === "io-error" || status === "internal-error") {
        this.#watcher.onEvent("qmp", `its status is ${status}`);
        this.#paused.resolve({ status, diskFull: this.#diskFull });
      }
    } catch (error) {
      // Of one that has hung up, the end says the rest.
      isSlow = error instanceof DeadlineError;
    }
    this.#isAsked = false;
    // What it waits for may be the very disk that it stopped for.
    if (isSlow) await this.#askWhy();
  }

  async #waitForEnd(): Promise<VmExit> {
    using _admitted = this.#doors.door.admit();
    let words = "";
    // The end of this stream says that nothing of the jail is left that could hold it: QEMU is gone, not only its parent.
    for await (const chunk of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      words = (words + chunk).slice(-WORDS_KEPT);
      this.#watcher.onWords(chunk);
    }
    const { code } = await this.#child.status;
    this.#doors.hub.forget(this.#name);
    if (this.#connected) {
      // Its last event, why it shut down, may still be on the way.
      await settlesWithin(this.#connected.closed, LAST_EVENT_MS);
      this.#connected[Symbol.dispose]();
    }
    this.#watcher.onEvent("vmm", describeStatus(code));
    return planExit({ code, words, reason: this.#reason }, this.#launched);
  }

  async quit(): Promise<boolean> {
    // One that has never dialled in hears nothing, and one that hangs does not answer; killing is the next rung.
    if (!this.#connected) return false;
    void this.#connected.execute("quit").catch(() => {});
    return await settlesWithin(this.exited, QUIT_MS);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await within(this.exited, KILL_MS, "the kernel to end QEMU, which was killed");
  }
}

/** A shell's and bubblewrap's way to tell a signal is 128 and its number. */
function describeStatus(code: number): string {
  return code > 128 ? `it was ended by signal ${code - 128}` : `it exited with status ${code}`;
}
