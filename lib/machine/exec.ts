/**
 * Commands in a machine: each one is in a lane of the guest's, and has it until its end was heard.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { ExecRequest, GuestVolume } from "../guest/fragment.ts";
import type { GuestOutput, GuestStream } from "../guest/link.ts";
import type { AgentMessage } from "../guest/protocol.ts";
import type { Session } from "../guest/session.ts";

/** What is to run in a machine; what it mounts, its input and its clock are the machine's matter. */
export type Command = Omit<ExecRequest, "volumes" | "clockSeconds" | "stdin">;

/** What a command has printed: what its stream's file has from there on, until the command has ended. */
export interface ExecStream extends GuestStream {
  /** Where its output begins, bytes. */
  readonly from: number;
}

/** A command that was asked for. */
export interface Exec {
  readonly stdout: ExecStream;
  readonly stderr: ExecStream;
  /**
   * The agent's next words on it: `started`, and then one on its end, when its lane is free again. Wait with a deadline
   * or a race; one at a time, and none behind the end.
   *
   * @throws {BerthError} `job.lost` when there is no agent any more.
   */
  next(): Promise<AgentMessage>;
  /** Sends a signal to its process group; 9 ends every process of it. One whose end was heard gets none. */
  signal(number: number): Promise<void>;
}

/** What only the first command has that begins. */
export interface FirstCommand {
  /** What it has the guest mount. */
  readonly volumes: readonly GuestVolume[];
  /** Whether the machine's input is its. */
  readonly stdin: boolean;
}

const OTHERS: FirstCommand = { volumes: [], stdin: false };

/** The lanes of a machine, of which the first is taken first. */
export class Lanes {
  readonly #session: Pick<Session, "lane">;
  readonly #outputs: readonly GuestOutput[];
  readonly #first: FirstCommand;
  readonly #taken = new Set<number>();
  #hasBegun = false;

  constructor(session: Pick<Session, "lane">, outputs: readonly GuestOutput[], first: FirstCommand) {
    this.#session = session;
    this.#outputs = outputs;
    this.#first = first;
  }

  /** Starts a command. @throws {BerthError} `machine.busy` when all lanes are taken. */
  exec(command: Command): Exec {
    const number = this.#outputs.findIndex((_, index) => !this.#taken.has(index));
    if (number < 0) {
      const most = this.#outputs.length;
      throw new BerthError("machine.busy", `the guest can run ${most} commands at once, and does`);
    }
    this.#taken.add(number);
    const lane = this.#session.lane(number);
    const { volumes, stdin } = number === 0 && !this.#hasBegun ? this.#first : OTHERS;
    const asked = lane.exec({ ...command, volumes, stdin, clockSeconds: Math.floor(Date.now() / 1000) });
    // Whoever waits for its words is told.
    asked.catch(() => {});
    // From then on the lane may be another command's.
    let isOver = false;
    const { stdout, stderr } = this.#outputs[number];
    return {
      stdout: streamFrom(stdout),
      stderr: streamFrom(stderr),
      next: async () => {
        await asked;
        if (isOver) throw new Error("nothing is said of a command behind its end");
        const message = await lane.next();
        if (message.kind === "started") this.#hasBegun = true;
        else isOver = this.#taken.delete(number);
        return message;
      },
      signal: async (signal) => {
        if (!isOver) await lane.signal(signal);
      },
    };
  }
}

function streamFrom(stream: GuestStream): ExecStream {
  return { ...stream, from: stream.file.statSync().size };
}
