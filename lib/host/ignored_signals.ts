/**
 * The signals that the caller had ignored when berth was started, as nohup(1) does: they stay ignored. Deno catches some
 * of them by itself as soon as it listens for one, whatever they were.
 *
 * @module
 */

import { HOST_FACTS } from "./windows.ts";

/** Numbers that POSIX gives to the signals that can be a wish that a job end. */
export const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const;

/** True for a signal in a mask of proc(5), as SigIgn is one. Pure. */
export function isInMask(mask: string, number: number): boolean {
  return (BigInt(`0x${mask.trim() || "0"}`) >> BigInt(number - 1) & 1n) === 1n;
}

/** Mask of the signals that this host process ignores, as windows.sh has found it. */
export function readIgnoredSignals(): string {
  return Deno.readTextFileSync(`${HOST_FACTS}/ignored_signals`);
}
