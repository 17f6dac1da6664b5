/**
 * Unix sockets at paths that the permissions name, and the other end of a conversation in lines.
 *
 * @module
 */

import { TEST_ROOT } from "./temp.ts";

/** A path to listen on, which is this test's own until it is disposed: others, in other processes too, wait. */
export async function socketPath(name: "hub" | "qmp" | "life"): Promise<{ readonly path: string } & Disposable> {
  await Deno.mkdir(TEST_ROOT, { recursive: true, mode: 0o700 });
  const path = `${TEST_ROOT}/${name}.sock`;
  const lock = await Deno.open(`${TEST_ROOT}/${name}.lock`, { create: true, write: true });
  await lock.lock(true);
  // Left over from a run that was killed.
  await Deno.remove(path).catch(() => {});
  return { path, [Symbol.dispose]: () => lock.close() };
}

/** What dials in: a guest's agent, a QEMU, or a stranger. */
export class Caller implements Disposable {
  readonly #connection: Deno.Conn;
  #held = "";
  #hungUp = false;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  static async dial(path: string): Promise<Caller> {
    return new Caller(await Deno.connect({ transport: "unix", path }));
  }

  async send(words: string | Uint8Array): Promise<void> {
    const bytes = typeof words === "string" ? new TextEncoder().encode(words) : words;
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
  }

  /** The next line; undefined when the other end has hung up. */
  async line(): Promise<string | undefined> {
    const buffer = new Uint8Array(65536);
    while (!this.#held.includes("\n")) {
      // A connection that is closed with bytes unread is reset.
      const count = await this.#connection.read(buffer).catch(() => null);
      if (count === null) return undefined;
      this.#held += new TextDecoder("latin1").decode(buffer.subarray(0, count));
    }
    const [line] = this.#held.split("\n", 1);
    this.#held = this.#held.slice(line.length + 1);
    return line;
  }

  [Symbol.dispose](): void {
    if (this.#hungUp) return;
    this.#hungUp = true;
    this.#connection.close();
  }
}
