/**
 * The agent's own programs: what no applet of busybox does, or not in the time.
 *
 * @module
 */

import { BECOME_CODE } from "./become_code.ts";
import { EXECUTE_CODE } from "./execute_code.ts";

function assembled(code: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(code.replaceAll("\n", ""));
}

/** Name → file: static, for x86-64. */
export const PROGRAMS = { become: assembled(BECOME_CODE), execute: assembled(EXECUTE_CODE) } as const;
