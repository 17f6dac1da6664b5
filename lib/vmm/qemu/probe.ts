/**
 * Finds out what an accelerator is worth by running a guest on it: see probe.S.
 *
 * @module
 */

import { DeadlineError, orAborted, within } from "../../base/deadline.ts";
import { programMissing, startChild } from "../../process/child.ts";
import { isMissing, planTied } from "../../process/tied.ts";
import type { Accelerator } from "../vmm.ts";
import { QEMU } from "./args.ts";
import { PROBE_CODE } from "./probe_code.ts";

const FIRMWARE_BYTES = 64 * 1024;
/** Where an x86 processor begins: 16 bytes before the end. */
const RESET_VECTOR = FIRMWARE_BYTES - 16;
/** isa-debug-exit makes (value << 1) | 1 of the 0x10 that the probe writes. */
const SUCCESS_STATUS = 0x21;

/** What the probe saw. */
export interface ProbeResult {
  readonly works: boolean;
  /** What it did, for people. */
  readonly detail: string;
  /** It was cut: the guest hung, or the host was busy. */
  readonly timedOut?: boolean;
  /** The frequency of the guest's time stamp counter. */
  readonly tscKhz?: number;
}

/** The firmware image: the code, halts, and a jump to the code at the reset vector. Pure. */
export function probeFirmware(): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(FIRMWARE_BYTES).fill(0xf4); // hlt
  image.set(Uint8Array.fromHex(PROBE_CODE.replaceAll("\n", "")));
  const jump = [0xe9, -(RESET_VECTOR + 3) & 0xff, (-(RESET_VECTOR + 3) >> 8) & 0xff]; // jmp, relative to its end
  image.set(jump, RESET_VECTOR);
  return image;
}

/** Where the probe guest's image is written, and when it is enough. */
export interface ProbePlan {
  readonly firmware: string;
  readonly timeoutMs: number;
  /** Ends the guest, and the probe throws the signal's reason. */
  readonly stop: AbortSignal;
}

/** Runs the probe guest. */
export async function probe(accelerator: Accelerator, { firmware, timeoutMs, stop }: ProbePlan): Promise<ProbeResult> {
  await Deno.writeFile(firmware, probeFirmware());
  const cpu = accelerator === "kvm" ? "host" : "max";
  const args = [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-machine", "microvm", "-accel", accelerator, "-cpu", cpu, "-m", "64M"],
    ...["-bios", firmware, "-serial", "stdio", "-device", "isa-debug-exit,iobase=0x501,iosize=4"],
  ];
  // A guest that hangs ends with berth only because it is tied to it.
  await using child = startChild({ ...planTied(QEMU, args), stdout: "piped", stderr: "piped" });
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.status]);
  try {
    const [printed, words, status] = await orAborted(within(output, timeoutMs, "the probe guest"), stop);
    if (isMissing(status.code, words)) throw programMissing(QEMU);
    const match = /^([0-9a-f]{16})\n$/.exec(printed);
    if (status.code === SUCCESS_STATUS && match) {
      return { works: true, detail: "the probe guest ran", tscKhz: Number(BigInt(`0x${match[1]}`)) };
    }
    const last = words.trim().split("\n")[0] || "it said nothing";
    return { works: false, detail: `QEMU ended with status ${status.code} (${last})` };
  } catch (error) {
    child.kill("SIGKILL");
    await output;
    if (!(error instanceof DeadlineError)) throw error;
    return { works: false, timedOut: true, detail: `a small guest was still not through after ${timeoutMs / 1000} s` };
  }
}
