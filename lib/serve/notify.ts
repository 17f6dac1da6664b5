/**
 * Words for the service manager.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { tryToolWithin } from "../process/tool.ts";

/** A datagram to the manager of the same host: beyond it something hangs. */
const TOLD_MS = 10_000;

/**
 * Tells the service manager, by systemd's own tool.
 *
 * The tool speaks in the name of the process that starts it, which takes CAP_SYS_ADMIN: so the unit need not listen to
 * anybody but its main process.
 *
 * @param socket its NOTIFY_SOCKET.
 * @param state assignments as of sd_notify(3).
 * @throws {BerthError} when it could not be told.
 */
export async function notifyManager(socket: string, state: readonly string[]): Promise<void> {
  const command = "systemd-notify";
  const env = { NOTIFY_SOCKET: socket };
  const { success, stderr } = await tryToolWithin({ command, args: ["--", ...state], env }, TOLD_MS, command);
  if (!success) throw new BerthError("process.failed", `${command}: ${stderr.trim()}`);
}
