/**
 * QMP, QEMU's machine protocol: a socket that VMs dial into, and a conversation with one of them.
 *
 * The form is described in QEMU's docs/interop/qmp-spec.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { within } from "../../base/deadline.ts";
import { readLines } from "../../base/lines.ts";
import { writeAll } from "../../base/write_all.ts";
import { DialIn, hangUp } from "../../files/dial_in.ts";

/** QEMU's longest answers are lists of devices; none that berth asks for comes near. */
const LINE_LIMIT_BYTES = 1024 * 1024;
const ANSWER_MS = 5000;
const EARLY_EVENTS = 100;

/** What QEMU tells without being asked. */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface QmpLine {
  QMP?: unknown;
  return?: unknown;
  error?: { desc?: string };
  event?: string;
  data?: Record<string, unknown>;
}

/** A conversation with one QEMU. */
export class Qmp implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #answers: PromiseWithResolvers<unknown>[] = [];
  readonly #greeted = Promise.withResolvers<void>();
  /** Settles when QEMU has hung up and its last event is delivered. */
  readonly closed: Promise<void>;

  private constructor(connection: Deno.Conn, onEvent: (event: QmpEvent) => void) {
    this.#connection = connection;
    this.#onEvent = onEvent;
    this.#greeted.promise.catch(() => {});
    this.closed = this.#read();
  }

  /** Greets a QEMU that has just dialled in, and asks for its name. */
  static async open(connection: Deno.Conn, onEvent: (event: QmpEvent) => void): Promise<{ qmp: Qmp; name?: string }> {
    const qmp = new Qmp(connection, onEvent);
    try {
      await within(qmp.#greeted.promise, ANSWER_MS, "QEMU's greeting");
      await qmp.execute("qmp_capabilities");
      const answer = await qmp.execute("query-name") as { name?: string };
      return { qmp, name: answer.name };
    } catch (error) {
      qmp[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Runs a command and returns its answer.
   *
   * @throws {BerthError} `vmm.qmp` when QEMU refuses it or is gone.
   * @throws {DeadlineError} when it has not answered in time; a later answer is not taken for another command's.
   */
  async execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    answer.promise.catch(() => {});
    this.#answers.push(answer);
    const bytes = new TextEncoder().encode(JSON.stringify({ execute: command, arguments: args }) + "\n");
    try {
      await within(writeAll(this.#connection, bytes), ANSWER_MS, `QEMU to read ${command}`);
    } catch (cause) {
      this[Symbol.dispose]();
      throw new BerthError("vmm.qmp", `QEMU hung up before ${command}`, { cause });
    }
    return await within(answer.promise, ANSWER_MS, `QEMU's answer to ${command}`);
  }

  async #read(): Promise<void> {
    try {
      for await (const line of readLines(this.#connection.readable, LINE_LIMIT_BYTES, "vmm.qmp")) {
        this.#take(JSON.parse(line) as QmpLine);
      }
    } catch {
      // Whatever ends the conversation ends it for those who wait, below.
    }
    const gone = new BerthError("vmm.qmp", "QEMU hung up");
    this.#greeted.reject(gone);
    for (const answer of this.#answers.splice(0)) answer.reject(gone);
  }

  #take(line: QmpLine): void {
    if (line.QMP !== undefined) this.#greeted.resolve();
    else if (typeof line.event === "string") this.#onEvent({ name: line.event, data: line.data ?? {} });
    else if (line.error) this.#answers.shift()?.reject(new BerthError("vmm.qmp", `QEMU: ${line.error.desc}`));
    else this.#answers.shift()?.resolve(line.return);
  }

  [Symbol.dispose](): void {
    hangUp(this.#connection);
  }
}

/** The socket that QEMUs dial into. */
export class QmpHub implements AsyncDisposable {
  readonly #expected = new Map<string, { resolve: (qmp: Qmp) => void; onEvent: (event: QmpEvent) => void }>();
  readonly #socket: DialIn;

  private constructor(path: string) {
    this.#socket = new DialIn(path, (connection) => this.#greet(connection));
  }

  static listen(path: string): QmpHub {
    return new QmpHub(path);
  }

  /** The conversation with the QEMU of that name; whoever takes it owns it. Wait with a deadline. */
  expect(name: string, onEvent: (event: QmpEvent) => void): Promise<Qmp> {
    const { promise, resolve } = Promise.withResolvers<Qmp>();
    this.#expected.set(name, { resolve, onEvent });
    return promise;
  }

  forget(name: string): void {
    this.#expected.delete(name);
  }

  async #greet(connection: Deno.Conn): Promise<void> {
    // Events may come before the name is known; a QEMU that just boots has few.
    const early: QmpEvent[] = [];
    let onEvent: (event: QmpEvent) => void = (event) => void (early.length < EARLY_EVENTS && early.push(event));
    try {
      const { qmp, name } = await Qmp.open(connection, (event) => onEvent(event));
      const expectation = name === undefined ? undefined : this.#expected.get(name);
      if (!expectation) return qmp[Symbol.dispose]();
      this.#expected.delete(name!);
      onEvent = expectation.onEvent;
      early.forEach(onEvent);
      expectation.resolve(qmp);
    } catch {
      // Not a QEMU, or one that ended: nobody's.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}
