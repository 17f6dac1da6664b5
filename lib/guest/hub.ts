/**
 * The socket that VMs dial into. A connection says who it is, by the token that only its VM was given; whatever else
 * connects is dropped.
 *
 * A guest gets its token when it is asked who it is. It may say before that it is ready to be asked, with a nonce; one that
 * goes on from a saved state was ready then, and says nothing. So the question goes to all that have said nothing, and
 * whoever has another nonce leaves it alone.
 *
 * @module
 */

import { within } from "../base/deadline.ts";
import { readLines } from "../base/lines.ts";
import { writeAll } from "../base/write_all.ts";
import { DialIn, hangUp } from "../files/dial_in.ts";
import { LINE_LIMIT_BYTES, parseHello, parseReady, type Ready, whoLine } from "./protocol.ts";

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
  readonly #awaited = new Map<string, PromiseWithResolvers<Ready>>();
  /** Who is asked: several may be by one nonce. */
  readonly #questions = new Set<{ readonly nonce: string }>();
  /** Connections that have not said whose they are, and the nonces that some are ready with. */
  readonly #strangers = new Map<Deno.Conn, string | undefined>();
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

  /** Takes an expectation back: a later connection with this token, or nonce, is a stranger. */
  forget(token: string): void {
    for (const role of ["agent", "stdin"]) this.#expected.delete(`${token} ${role}`);
    this.#awaited.delete(token);
  }

  /** The guest with that nonce, when it is ready to be asked who it is. Wait with a deadline. */
  ready(nonce: string): Promise<Ready> {
    const awaited = Promise.withResolvers<Ready>();
    this.#awaited.set(nonce, awaited);
    return awaited.promise;
  }

  /** Asks the guests with that nonce who they are, those too that are still to dial in, until it is disposed. */
  ask(nonce: string): Disposable {
    const question = { nonce };
    this.#questions.add(question);
    for (const [connection, known = nonce] of this.#strangers) if (known === nonce) this.#ask(connection, nonce);
    return { [Symbol.dispose]: () => void this.#questions.delete(question) };
  }

  #ask(connection: Deno.Conn, nonce: string): void {
    // One that does not take it will say no hello.
    writeAll(connection, new TextEncoder().encode(whoLine(nonce))).catch(() => {});
  }

  async #greet(connection: Deno.Conn): Promise<void> {
    const lines = readLines(connection.readable, LINE_LIMIT_BYTES, "guest.protocol");
    this.#strangers.set(connection, undefined);
    for (const { nonce } of this.#questions) this.#ask(connection, nonce);
    try {
      const line = await this.#hear(connection, lines);
      const hello = line === undefined ? undefined : parseHello(line);
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
    } finally {
      this.#strangers.delete(connection);
    }
  }

  /** Its first line that is not about being ready. */
  async #hear(connection: Deno.Conn, lines: AsyncGenerator<string, void>): Promise<string | undefined> {
    const first = await this.#next(lines);
    const ready = first === undefined ? undefined : parseReady(first);
    const awaited = ready && this.#awaited.get(ready.nonce);
    if (!awaited) return first;
    this.#awaited.delete(ready.nonce);
    this.#strangers.set(connection, ready.nonce);
    awaited.resolve(ready);
    return await this.#next(lines);
  }

  async #next(lines: AsyncGenerator<string, void>): Promise<string | undefined> {
    const { done, value } = await within(lines.next(), this.#helloMs, "a hello");
    return done ? undefined : value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}
