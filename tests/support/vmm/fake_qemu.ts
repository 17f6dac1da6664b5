/**
 * A QEMU as far as QMP goes, over a real socket.
 *
 * @module
 */

import { Caller } from "../socket.ts";

/** What is answered to a command: its return value, or an error. */
export type Answers = Readonly<Record<string, unknown>>;

/** Dials in, greets, and answers by a table; commands that are not in it get an error, as from QEMU. */
export class FakeQemu implements AsyncDisposable {
  readonly #caller: Caller;
  readonly #answering: Promise<void>;
  readonly asked: string[] = [];

  private constructor(caller: Caller, answers: Answers) {
    this.#caller = caller;
    this.#answering = this.#answer(answers);
  }

  static async dial(path: string, name: string, answers: Answers = {}): Promise<FakeQemu> {
    const caller = await Caller.dial(path);
    await caller.send('{"QMP": {"version": {"qemu": {"micro": 2, "minor": 2, "major": 7}}, "capabilities": []}}\r\n');
    return new FakeQemu(caller, { "qmp_capabilities": {}, "query-name": { name }, ...answers });
  }

  async #answer(answers: Answers): Promise<void> {
    for (let line = await this.#caller.line(); line !== undefined; line = await this.#caller.line()) {
      const { execute } = JSON.parse(line) as { execute: string };
      this.asked.push(execute);
      const answer = execute in answers ? answers[execute] : new Error(`The command ${execute} has not been found`);
      const isError = answer instanceof Error;
      await this.say(isError ? { error: { class: "GenericError", desc: answer.message } } : { return: answer });
    }
  }

  /** Says anything: an event, or, as a text, what no QEMU says. */
  async say(words: unknown): Promise<void> {
    await this.#caller.send(typeof words === "string" ? words : JSON.stringify(words) + "\r\n");
  }

  /** Settles when the other end has hung up. */
  get hungUpOn(): Promise<void> {
    return this.#answering;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#caller[Symbol.dispose]();
    await this.#answering;
  }
}
