/**
 * The state of a QEMU's guest, by what QEMU calls a migration: as one stream, device state and memory.
 *
 * @module
 */

import { settlesWithin, within } from "../../base/deadline.ts";
import { BerthError } from "../../base/errors.ts";
import { SAVE_SOCKET } from "../../host/windows.ts";
import { STATE_URI } from "./args.ts";
import type { Qmp } from "./qmp.ts";
import type { SaveDoor, WriteState } from "./save_door.ts";
import { ZeroPageFilter } from "./zero_pages.ts";

/** Left alone, QEMU writes 128 MiB a second at most. */
const NO_LIMIT = 16 * 1024 ** 3;
/** A state has some 90 MB, and the disk that takes it may be a busy host's. */
const SAVE_MS = 60_000;
/** QEMU sees at once that nobody takes its state any more. */
const GIVE_UP_MS = 5000;

/** What QEMU answers to; see {@linkcode Qmp}. */
type Asked = Pick<Qmp, "execute" | "closed">;

/** The migration of one QEMU, of which there is one at a time. */
export class Migration {
  #ended = Promise.withResolvers<string>();

  /** Takes note of the status that a MIGRATION event tells. */
  take(status: unknown): void {
    if (status === "completed" || status === "failed" || status === "cancelled") this.#ended.resolve(status);
  }

  /** Reads the state of the VM from its input; its guest stands still then. A QEMU that can't read it ends. */
  async restore(qmp: Asked): Promise<void> {
    await this.#begin(qmp, "migrate-incoming", STATE_URI);
    await this.#complete(qmp);
  }

  /** Writes the state of the VM, whose guest is to stand still, without the empty pages of its memory. */
  async save(qmp: Asked, door: SaveDoor, write: WriteState): Promise<void> {
    await qmp.execute("migrate-set-parameters", { "max-bandwidth": NO_LIMIT });
    const filter = new ZeroPageFilter();
    // Of a piece with nothing but empty pages, too: who writes is told when nobody takes the state any more.
    const received = door.receive((piece) => write(filter.push(piece))).then(() => write(filter.end()));
    received.catch(() => {});
    try {
      await this.#begin(qmp, "migrate", `unix:${SAVE_SOCKET}`);
      await this.#finish(qmp, received);
    } finally {
      door.forget();
    }
  }

  /** What is written behind the last byte is nothing: who hangs up is done, or has failed. */
  async #finish(qmp: Asked, received: Promise<void>): Promise<void> {
    try {
      await within(Promise.all([this.#complete(qmp), received]), SAVE_MS, "QEMU to save its guest's state");
    } catch (error) {
      await qmp.execute("migrate_cancel").catch(() => {});
      await settlesWithin(Promise.race([this.#ended.promise, qmp.closed]), GIVE_UP_MS);
      throw error;
    }
  }

  async #begin(qmp: Asked, command: string, uri: string): Promise<void> {
    this.#ended = Promise.withResolvers();
    await qmp.execute("migrate-set-capabilities", { capabilities: [{ capability: "events", state: true }] });
    await qmp.execute(command, { uri });
  }

  async #complete({ closed }: Asked): Promise<void> {
    const status = await Promise.race([this.#ended.promise, closed.then(() => "cut off")]);
    if (status !== "completed") throw new BerthError("vmm.qmp", `QEMU: the migration is ${status}`);
  }
}
