/**
 * The socket that VMs dial into. A connection says first who it is, by the token that only its VM was given; whatever
 * else connects is dropped.
 *
 * @module
 */

import { readLines } from "../base/lines.ts";
import { writeAll } from "../base/write_all.ts";
import { DialIn, hangUp } from "../host/dial_in.ts";
import { LINE_LIMIT_BYTES, parseHello } from "./protocol.ts";

/** A connection that has proven whose it is. */
export interface GuestConnection extends Disposable {
  /** The lines after the hello. */
  readonly lines: AsyncGenerator<string, void>;
  /** Writes all of the bytes. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Listens on one path for any number of VMs. Disposing closes the socket and every connection that it still owns. */
export class Hub implements AsyncDisposable {
  readonly #expected = new Map<string, PromiseWithResolvers<GuestConnection>>();
  readonly #socket: DialIn;

  private constructor(path: string) {
    this.#socket = new DialIn(path, (connection) => this.#greet(connection));
  }

  /** Opens the socket. */
  static listen(path: string): Hub {
    return new Hub(path);
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
      const first = await lines.next();
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
      // Garbage, or a connection that broke off: not one that anybody waits for.
      hangUp(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}
