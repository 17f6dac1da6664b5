/**
 * A VMM whose VMs are guests in this process: they dial in over a real socket, speak the agent's protocol, and append to
 * real files, as QEMU's do; and a test can break them at any time.
 *
 * @module
 */

import { BerthError } from "../../../lib/base/errors.ts";
import type { QemuEnd } from "../../../lib/vmm/qemu/exit.ts";
import type { OpenVmm, Vm, VmExit, VmPause, VmPlan, VmWatcher } from "../../../lib/vmm/vmm.ts";
import { FakeGuest, type Play, type Stage } from "./fake_guest.ts";
import { exitOf } from "./idle_vm.ts";

/** The VMM. It has no door of its own: VMs have owners. */
export class FakeVmm implements OpenVmm {
  readonly title = "QEMU";
  readonly cpuPercent = 35;
  readonly sockets: readonly string[] = [];
  /** All that were booted. */
  readonly vms: FakeVm[] = [];
  readonly #socket: string;
  readonly #play: Play;

  /** @param socket where its guests dial in. */
  constructor(socket: string, play: Play) {
    this.#socket = socket;
    this.#play = play;
  }

  overheadBytes(): number {
    return 96 * 1024 ** 2;
  }

  addressSpaceBytes(): number {
    return 2 ** 40;
  }

  devices(): string[] {
    return [];
  }

  emulatedBootArgs(): string[] {
    return [];
  }

  shapeOf({ memoryMiB }: VmPlan): string[] {
    return [String(memoryMiB)];
  }

  boot(plan: VmPlan, watcher: VmWatcher): FakeVm {
    const vm = new FakeVm(plan, watcher, { socket: this.#socket, play: this.#play });
    this.vms.push(vm);
    return vm;
  }

  /** The last one; undefined before there was one. */
  get vm(): FakeVm | undefined {
    return this.vms.at(-1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A VM of it. */
export class FakeVm implements Vm {
  readonly #exit = Promise.withResolvers<VmExit>();
  readonly #pause = Promise.withResolvers<VmPause>();
  readonly exited = this.#exit.promise;
  readonly paused = this.#pause.promise;
  readonly plan: VmPlan;
  readonly #watcher: VmWatcher;
  readonly #guest: FakeGuest;
  readonly #play: Play;
  readonly #restored = Promise.withResolvers<void>();
  readonly #resumed = Promise.withResolvers<void>();
  readonly restored = this.#restored.promise;
  #hasEnded = false;
  #isStuck = false;
  /** Whether its owner has let it go. */
  isDisposed = false;

  constructor(plan: VmPlan, watcher: VmWatcher, stage: Stage) {
    this.plan = plan;
    this.#watcher = watcher;
    this.#play = stage.play;
    this.restored.catch(() => {});
    this.#guest = new FakeGuest(plan, stage);
    // As a process needs its time to come up.
    setTimeout(() => void this.#comeUp(), 1);
  }

  async #comeUp(): Promise<void> {
    if (this.#hasEnded) return;
    if (this.#play.diesOnKvm && this.plan.accelerator === "kvm") {
      return this.end({ code: 1, words: "kvm: no such thing" });
    }
    this.#watcher.onConnected();
    if (this.plan.state !== undefined) await this.#restore(this.#play.clones);
    await this.#guest.live();
  }

  async #restore(clones: Play["clones"]): Promise<void> {
    if (clones === "end") return this.end({ code: 1, words: "its state can't be read" });
    if (clones === "refuse") return this.#restored.reject(new BerthError("vmm.qmp", "QEMU: no such state"));
    this.#restored.resolve();
    await this.#resumed.promise;
    if (clones === "hang") this.freeze();
  }

  resume(): Promise<void> {
    if (this.#play.clones === "stay") return Promise.reject(new BerthError("vmm.qmp", "QEMU: it does not go on"));
    this.#resumed.resolve();
    return Promise.resolve();
  }

  async save(write: (piece: Uint8Array) => Promise<void>): Promise<void> {
    if (this.#play.savesNot) throw new BerthError("vmm.qmp", "QEMU: the migration is failed");
    for (const piece of ["its ", "state"]) await write(new TextEncoder().encode(piece));
  }

  /** What its agent was asked, in order, without the parts of requests. */
  get heard(): readonly string[] {
    return this.#guest.heard;
  }

  /** Ends it, as QEMU does that way. */
  end(end: QemuEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#guest.hangUp();
    if (end.words) this.#watcher.onWords(end.words);
    this.#watcher.onEvent("vmm", `it exited with status ${end.code}`);
    this.#exit.resolve(exitOf(end));
  }

  /** The VMM stops its guest. */
  pause(pause: VmPause): void {
    this.freeze();
    this.#pause.resolve(pause);
  }

  /** The agent hangs up, and the VM runs on. */
  loseAgent(): void {
    this.#guest.hangUp();
  }

  /** The guest stands still from now on: it neither hears nor says anything, and prints nothing. */
  freeze(): void {
    this.#guest.isFrozen = true;
  }

  /** The agent says something that nobody asked for. */
  say(words: string): void {
    this.#guest.say(words);
  }

  /** What QEMU says, as often as it likes. */
  flood(count: number): void {
    for (let at = 0; at < count; at++) this.#watcher.onEvent("qmp", `RESET guest-reset ${at}`);
  }

  /** No signal ends it any more. */
  stick(): void {
    this.#isStuck = true;
  }

  quit(): Promise<boolean> {
    this.end({ code: 0, words: "", reason: "host-qmp-quit" });
    return Promise.resolve(true);
  }

  kill(): void {
    if (!this.#isStuck) this.end({ code: 137, words: "" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    this.kill();
    if (this.#isStuck) throw new Error("the kernel does not end it");
    await this.exited;
  }
}
