/**
 * A conversation with one VM's agent.
 *
 * @module
 */

import { within } from "../base/deadline.ts";
import { BerthError, describeError } from "../base/errors.ts";
import { collectFragment, execFragment, type ExecRequest } from "./fragment.ts";
import type { GuestConnection } from "./hub.ts";
import { type AgentMessage, type LaneMessage, parseLaneMessage } from "./protocol.ts";

const PART_CHARS = 2048;
/** How long a guest may take to read a line. The longest is short; an emulated guest that boots beside 20 others waits. */
const READ_MS = 30_000;

/** How many messages of a lane may wait for somebody to hear them: what the agent says of one command is less. */
const MOST_UNHEARD = 4;

/** A lane of the guest's, in which one command after another runs. */
export interface Lane {
  /**
   * The agent's next words on it. Wait with a deadline or a race; one at a time.
   *
   * @throws {BerthError} `job.lost` when the connection ends, `guest.protocol` for anything that is not exactly a message.
   */
  next(): Promise<AgentMessage>;
  exec(request: ExecRequest): Promise<void>;
  /** Sends a signal to its command's process group; 9 ends every process of that. */
  signal(number: number): Promise<void>;
}

/**
 * Asks the agent, and hears what it says; of what it says of a lane, the main one's (0) are those that are about no lane.
 * It is heard only while somebody waits for something. Disposing closes the connection.
 */
export class Session implements Disposable {
  readonly #connection: GuestConnection;
  readonly #onWord: (what: string) => void;
  readonly #lanes: number;
  /** What was heard while somebody waited for another lane's words. */
  readonly #unheard = new Map<number, AgentMessage[]>();
  #hearing: Promise<void> | undefined;
  #lastSaid = Promise.resolve();

  /**
   * @param onWord told what the agent says, and when it hangs up, in words.
   * @param lanes how many the guest has: what it says of others is not believed.
   */
  constructor(connection: GuestConnection, onWord: (what: string) => void = () => {}, lanes = 1) {
    this.#connection = connection;
    this.#onWord = onWord;
    this.#lanes = lanes;
  }

  /** One of the guest's lanes. */
  lane(number: number): Lane {
    const address = number === 0 ? "" : `lane ${number} `;
    return {
      next: () => this.#next(number),
      exec: (request) => this.#request(execFragment(request), "exec", address),
      signal: (signal) => this.#say(`${address}signal ${signal}`),
    };
  }

  /** The agent's next words on what it was asked beside commands: see {@linkcode Lane}. */
  async next(): Promise<AgentMessage> {
    return await this.#next(0);
  }

  async #next(lane: number): Promise<AgentMessage> {
    while (true) {
      const message = this.#unheard.get(lane)?.shift();
      if (message) return message;
      this.#hearing ??= this.#hearOne().finally(() => this.#hearing = undefined);
      await this.#hearing;
    }
  }

  async #hearOne(): Promise<void> {
    try {
      const { lane, message } = await this.#hear();
      this.#onWord(lane === 0 ? describeMessage(message) : `lane ${lane}: ${describeMessage(message)}`);
      const unheard = this.#unheard.get(lane) ?? [];
      if (unheard.length === MOST_UNHEARD) {
        throw new BerthError(
          "guest.protocol",
          `the guest's agent says more of lane ${lane} than anybody has asked for`,
        );
      }
      this.#unheard.set(lane, [...unheard, message]);
    } catch (error) {
      this.#onWord(describeError(error));
      throw error;
    }
  }

  async #hear(): Promise<LaneMessage> {
    const line = await this.#connection.lines.next().catch((error) => {
      if (error instanceof BerthError) throw error;
      throw new BerthError("job.lost", "the connection to the guest's agent broke", { cause: error });
    });
    if (line.done) throw new BerthError("job.lost", "the guest's agent hung up");
    return parseLaneMessage(line.value, this.#lanes);
  }

  async collect(paths: readonly string[]): Promise<void> {
    await this.#request(collectFragment(paths), "collect");
  }

  /** Asks for everything that the job wrote into its caches to be on their disks. */
  async flush(): Promise<void> {
    await this.#say("flush");
  }

  /** A fragment goes in parts: the agent's shell takes long over long lines. */
  async #request(fragment: string, verb: string, address = ""): Promise<void> {
    const parts = Array.from(
      { length: Math.ceil(fragment.length / PART_CHARS) },
      // Between dots: the shell that reads it takes spaces at either end for none.
      (_, index) => `${address}part .${fragment.slice(index * PART_CHARS, (index + 1) * PART_CHARS)}.`,
    );
    await this.#say(...parts, address + verb);
  }

  /** Lines that belong together go together: a signal between the parts of a request would be for no job yet. */
  async #say(...lines: readonly string[]): Promise<void> {
    const said = this.#lastSaid.then(async () => {
      for (const line of lines) await this.#write(line);
    });
    this.#lastSaid = said.catch(() => {});
    await said;
  }

  async #write(line: string): Promise<void> {
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
