/**
 * A VM of which a test says what becomes of it.
 *
 * @module
 */

import { type Launched, planExit, type QemuEnd } from "../../../lib/vmm/qemu/exit.ts";
import type { Vm, VmExit, VmPause } from "../../../lib/vmm/vmm.ts";

const LAUNCHED: Launched = { accelerator: "kvm", jail: { filter: "/filter.bpf" } };

/** An end as QEMU shows it, of a VM on KVM, in a jail and in no group. */
export function exitOf(end: QemuEnd): VmExit {
  return planExit(end, LAUNCHED);
}

/** A VM that does nothing, and ends when a test wants it to. */
export class IdleVm implements Vm {
  readonly #exit = Promise.withResolvers<VmExit>();
  readonly exited = this.#exit.promise;
  end(end: QemuEnd): void {
    this.#exit.resolve(exitOf(end));
  }
  readonly #pause = Promise.withResolvers<VmPause>();
  readonly paused = this.#pause.promise;
  pause(pause: VmPause): void {
    this.#pause.resolve(pause);
  }
  readonly restored = new Promise<void>(() => {});
  resume = () => Promise.resolve();
  save = () => Promise.resolve();
  readonly #quit = Promise.withResolvers<void>();
  /** When it is told to quit, which it takes its time for. */
  readonly toldToQuit = this.#quit.promise;
  quit(): Promise<boolean> {
    this.#quit.resolve();
    return this.exited.then(() => true);
  }
  kill = () => {};
  [Symbol.asyncDispose] = () => Promise.resolve();
}
