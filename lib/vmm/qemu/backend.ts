/**
 * QEMU as a VMM of berth's: its probe, the socket that it is talked to by, and its boot.
 *
 * @module
 */

import { QMP_SOCKET, SAVE_SOCKET } from "../../host/windows.ts";
import type { VmmBackend } from "../vmm.ts";
import { probe } from "./probe.ts";
import { QmpHub } from "./qmp.ts";
import { bootQemu } from "./runner.ts";
import { SaveDoor } from "./save_door.ts";
import { QEMU_TRAITS } from "./traits.ts";

/** The VMM that is QEMU. */
export const QEMU_BACKEND: VmmBackend = {
  ...QEMU_TRAITS,
  probe,
  open: () => {
    const hub = QmpHub.listen(QMP_SOCKET);
    const door = new SaveDoor(SAVE_SOCKET);
    return {
      ...QEMU_TRAITS,
      boot: (plan, watcher) => bootQemu(plan, { hub, door }, watcher),
      [Symbol.asyncDispose]: async () => {
        await door[Symbol.asyncDispose]();
        await hub[Symbol.asyncDispose]();
      },
    };
  },
};
