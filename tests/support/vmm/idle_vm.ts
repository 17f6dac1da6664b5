/**
 * A VM of which a test says what becomes of it.
 *
 * @module
 */

import type { Vm, VmExit, VmPause } from "../../../lib/vmm/vmm.ts";

/** A VM that does nothing, and ends when a test wants it to. */
export class IdleVm implements Vm {
  readonly #exit = Promise.withResolvers<VmExit>();
  readonly exited = this.#exit.promise;
  end(exit: VmExit): void {
    this.#exit.resolve(exit);
  }
  readonly #pause = Promise.withResolvers<VmPause>();
  readonly paused = this.#pause.promise;
  pause(pause: VmPause): void {
    this.#pause.resolve(pause);
  }
  quit = () => Promise.resolve(false);
  kill = () => {};
  [Symbol.asyncDispose] = () => Promise.resolve();
}
