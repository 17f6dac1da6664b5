/**
 * A unix socket that VMs dial into, with the connections that have not said yet who they are.
 *
 * @module
 */

/** How many connections may be there that have not said who they are. */
const STRANGERS_LIMIT = 64;

/** Listener on the path of one unix socket. Disposing closes it, and every connection that nobody has taken. */
export class DialIn implements AsyncDisposable {
  readonly #listener: Deno.UnixListener;
  readonly #path: string;
  readonly #strangers = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;

  /**
   * @param greet finds out whose connection it is: when it resolves, the connection is taken, or closed. Must not
   * reject, and sets its own deadlines.
   */
  constructor(path: string, greet: (connection: Deno.Conn) => Promise<void>) {
    this.#path = path;
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#accepting = this.#accept(greet);
  }

  async #accept(greet: (connection: Deno.Conn) => Promise<void>): Promise<void> {
    for await (const connection of this.#listener) {
      if (this.#strangers.size >= STRANGERS_LIMIT) {
        hangUp(connection);
        continue;
      }
      this.#strangers.add(connection);
      void greet(connection).finally(() => this.#strangers.delete(connection));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#strangers) hangUp(connection);
    await this.#accepting;
    await Deno.remove(this.#path).catch(() => {});
  }
}

/** Closes a connection, whether or not the end of its stream has done so already. */
export function hangUp(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
