/**
 * The socket that a QEMU writes its guest's state into.
 *
 * QEMU says on it neither who it is nor for whom: what comes is the state of the one VM that there is. So a state is only
 * taken while no other VM could write in its place.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { DialIn, hangUp } from "../../files/dial_in.ts";

/** Takes a state, piece by piece. */
export type WriteState = (piece: Uint8Array) => Promise<void>;

/** Door of the VMs of one host process. Disposing closes it. */
export class SaveDoor implements AsyncDisposable {
  readonly #socket: DialIn;
  #write: WriteState | undefined;
  #received = Promise.withResolvers<void>();
  #vms = 0;

  /** Listens on that path. */
  constructor(path: string) {
    this.#socket = new DialIn(path, (connection) => this.#take(connection));
  }

  /** Counts a VM that can write here. Disposing says that it is gone. */
  admit(): Disposable {
    this.#vms++;
    return { [Symbol.dispose]: () => void this.#vms-- };
  }

  /**
   * Hands on what the next connection brings, until that ends. It rejects with what `write` throws, never without a
   * handler.
   *
   * @throws {BerthError} `vmm.qmp` when that could be another VM's.
   */
  receive(write: WriteState): Promise<void> {
    if (this.#vms > 1) throw new BerthError("vmm.qmp", "another VM could write a state in place of this one");
    this.#write = write;
    this.#received = Promise.withResolvers();
    this.#received.promise.catch(() => {});
    return this.#received.promise;
  }

  /** Takes it back: who comes now is hung up on. One that has come is not cut. */
  forget(): void {
    this.#write = undefined;
  }

  async #take(connection: Deno.Conn): Promise<void> {
    const [write, received] = [this.#write, this.#received];
    this.#write = undefined;
    if (!write) return hangUp(connection);
    try {
      const buffer = new Uint8Array(PIECE_BYTES);
      for (let size; (size = await connection.read(buffer)) !== null;) await write(buffer.subarray(0, size));
      received.resolve();
    } catch (error) {
      received.reject(error);
    }
    hangUp(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}

/** What a socket holds is less. */
const PIECE_BYTES = 1024 ** 2;
