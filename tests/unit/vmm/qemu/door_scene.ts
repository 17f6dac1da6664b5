/**
 * A door that a saved state comes in by, and who dials in there.
 *
 * @module
 */

import { SaveDoor } from "../../../../lib/vmm/qemu/save_door.ts";
import { Caller, socketPath } from "../../../support/socket.ts";

/** The door of a test. */
export interface DoorScene {
  readonly door: SaveDoor;
  dial(): Promise<Caller>;
}

/** Registers a test that has one. */
export function doorTest(name: string, fn: (scene: DoorScene) => Promise<void>): void {
  Deno.test(name, async () => {
    using socket = await socketPath("qmp");
    await using stack = new AsyncDisposableStack();
    const door = stack.use(new SaveDoor(socket.path));
    await fn({ door, dial: async () => stack.use(await Caller.dial(socket.path)) });
  });
}
