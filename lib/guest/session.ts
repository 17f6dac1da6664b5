/**
 * A conversation with one VM's agent.
 *
 * @module
 */

import { within } from "../base/deadline.ts";
import { BerthError, describeError } from "../base/errors.ts";
import { collectFragment, encodeFragment, execFragment, type ExecRequest } from "./fragment.ts";
import type { GuestConnection } from "./hub.ts";
import { type AgentMessage, parseMessage } from "./protocol.ts";

const PART_CHARS = 2048;
/** How long a guest may take to read a line. The longest is short; an emulated guest that boots beside 20 others waits. */
const READ_MS = 30_000;

/** Asks the agent, and hears what it says. Disposing closes the connection. */
export class Session implements Disposable {
  readonly #connection: GuestConnection;
  readonly #onWord: (what: string) => void;

  /** @param onWord told what the agent says, and when it hangs up, in words. */
  constructor(connection: GuestConnection, onWord: (what: string) => void = () => {}) {
    this.#connection = connection;
    this.#onWord = onWord;
  }

  /**
   * The agent's next words. Wait with a deadline or a race; one at a time.
   *
   * @throws {BerthError} `job.lost` when the connection ends.
   */
  async next(): Promise<AgentMessage> {
    try {
      const message = await this.#hear();
      this.#onWord(describeMessage(message));
      return message;
    } catch (error) {
      this.#onWord(describeError(error));
      throw error;
    }
  }

  async #hear(): Promise<AgentMessage> {
    const line = await this.#connection.lines.next().catch((error) => {
      if (error instanceof BerthError) throw error;
      throw new BerthError("job.lost", "the connection to the guest's agent broke", { cause: error });
    });
    if (line.done) throw new BerthError("job.lost", "the guest's agent hung up");
    return parseMessage(line.value);
  }

  async exec(request: ExecRequest): Promise<void> {
    await this.#request(execFragment(request), "exec");
  }

  /** Sends a signal to the job's process group; 9 ends every process of the job. */
  async signal(number: number): Promise<void> {
    await this.#say(`signal ${number}`);
  }

  async collect(paths: readonly string[]): Promise<void> {
    await this.#request(collectFragment(paths), "collect");
  }

  /** Asks for everything that the job wrote into its caches to be on their disks. */
  async flush(): Promise<void> {
    await this.#say("flush");
  }

  async poweroff(): Promise<void> {
    await this.#say("poweroff");
  }

  /** A fragment goes in parts: the agent's shell takes long over long lines. */
  async #request(fragment: string, verb: string): Promise<void> {
    const base64 = encodeFragment(fragment);
    for (let start = 0; start < base64.length; start += PART_CHARS) {
      await this.#say(`part ${base64.slice(start, start + PART_CHARS)}`);
    }
    await this.#say(verb);
  }

  async #say(line: string): Promise<void> {
    try {
      const written = this.#connection.write(new TextEncoder().encode(line + "\n"));
      await within(written, READ_MS, "the guest's agent to read what it was told");
    } catch (error) {
      // Whatever comes after half a line would be its other half.
      this.#connection[Symbol.dispose]();
      throw new BerthError("job.lost", "the connection to the guest's agent broke", { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

function describeMessage(message: AgentMessage): string {
  switch (message.kind) {
    case "exited": {
      const { code, signal, oomKills } = message;
      const end = signal === undefined ? `exited with status ${code}` : `ended by signal ${signal}`;
      return oomKills > 0 ? `${end}; ${oomKills} processes killed for want of memory` : end;
    }
    case "refused":
      return `refused with status ${message.status}${message.why ? `: ${message.why}` : ""}`;
    case "error":
    case "left":
      return `${message.kind}: ${message.text}`;
    case "missing":
      return `artifact ${message.index} is missing`;
    default:
      return message.kind;
  }
}
