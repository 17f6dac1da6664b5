/**
 * The socket that VMs dial into. A connection says first who it is, by the token that only its VM was given; whatever
 * else connects is dropped.
 *
 * @module
 */

import { within } from "../base/deadline.ts";
import { readLines } from "../base/lines.ts";
import { writeAll } from "../base/write_all.ts";
import { DialIn, hangUp } from "../files/dial_in.ts";
import { LINE_LIMIT_BYTES, parseHello } from "./protocol.ts";

/** A connection that has proven whose it is. */
export interface GuestConnection extends Disposable {
  /** The lines after the hello. */
  readonly lines: AsyncGenerator<string, void>;
  /** Writes all of the bytes. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Longer than the boot of any guest whose boot has its usual bounds, and what it does before its job. */
export const HELLO_MS = 300_000;

/** Listens on one path for any number of VMs. Disposing closes the socket and every connection that it still owns. */
export class Hub implements AsyncDisposable {
  readonly #expected = new Map<string, PromiseWithResolvers<GuestConnection>>();
  readonly #helloMs: number;
  readonly #socket: DialIn;

  private constructor(path: string, helloMs: number) {
    this.#helloMs = helloMs;
    this.#socket = new DialIn(path, (connection) => this.#greet(connection));
  }

  /**
   * Opens the socket.
   *
   * @param helloMs how long a connection may say nothing. QEMU makes them before its guest boots, and the one for a job's
   * input says who it is only after that.
   */
  static listen(path: string, helloMs = HELLO_MS): Hub {
    return new Hub(path, helloMs);
  }

  /** The connection of a VM's agent, or of its stdin. Whoever takes it owns it. Wait with a deadline. */
  expect(token: string, role: "agent" | "stdin"): Promise<GuestConnection> {
    const expectation = Promise.withResolvers<GuestConnection>();
    this.#expected.set(`${token} ${role}`, expectation);
    return expectation.promise;
  }

  /** Takes an expectation back: a later connection with this token is a stranger. */
  forget(token: string): void {
    for (const role of ["agent", "stdin"]) this.#expected.delete(`${token} ${role}`);
  }

  async #greet(connection: Deno.Conn): Promise<void> {
    const lines = readLines(connection.readable, LINE_LIMIT_BYTES, "guest.protocol");
    try {
      const first = await within(lines.next(), this.#helloMs, "a hello");
      const hello = first.done ? undefined : parseHello(first.value);
      const key = hello && `${hello.token} ${hello.role}`;
      const expectation = key && this.#expected.get(key);
      if (!expectation) return hangUp(connection);
      this.#expected.delete(key);
      expectation.resolve({
        lines,
        write: (bytes) => writeAll(connection, bytes),
        [Symbol.dispose]: () => hangUp(connection),
      });
    } catch {
      // Garbage, a connection that broke off or said nothing: not one that anybody waits for.
      hangUp(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}
