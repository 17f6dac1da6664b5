/**
 * Finds out what an accelerator is worth by running a guest on it: see probe.S.
 *
 * @module
 */

import { orAborted } from "../../base/deadline.ts";
import { formatMillis } from "../../base/units.ts";
import { ROOT } from "../../host/windows.ts";
import { programMissing, startChild } from "../../process/child.ts";
import { isMissing, planTied } from "../../process/tie_to_parent.ts";
import type { Accelerator, ProbeBounds, ProbeResult } from "../vmm.ts";
import { QEMU } from "./args.ts";
import { PROBE_CODE } from "./probe_code.ts";

/** The file of the probe guest's image. */
const FIRMWARE = `${ROOT}/probe.bin`;
const FIRMWARE_BYTES = 64 * 1024;
/** Where an x86 processor begins: 16 bytes before the end. */
const RESET_VECTOR = FIRMWARE_BYTES - 16;
/** isa-debug-exit makes (value << 1) | 1 of the 0x10 that the probe writes. */
const SUCCESS_STATUS = 0x21;

/** The parts of the guest's loop. */
const PARTS = 64;
/** How long the loop may take; emulated, it was seen to take 0.02 to 0.05 s. */
const LOOP_MS = 3000;

/** The firmware image: the code, halts, and a jump to the code at the reset vector. Pure. */
export function probeFirmware(): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(FIRMWARE_BYTES).fill(0xf4); // hlt
  image.set(Uint8Array.fromHex(PROBE_CODE.replaceAll("\n", "")));
  const jump = [0xe9, -(RESET_VECTOR + 3) & 0xff, (-(RESET_VECTOR + 3) >> 8) & 0xff]; // jmp, relative to its end
  image.set(jump, RESET_VECTOR);
  return image;
}

/** Runs the probe guest. */
export async function probe(accelerator: Accelerator, { timeoutMs, stop }: ProbeBounds): Promise<ProbeResult> {
  await Deno.writeFile(FIRMWARE, probeFirmware());
  const cpu = accelerator === "kvm" ? "host" : "max";
  const args = [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-machine", "microvm", "-accel", accelerator, "-cpu", cpu, "-m", "64M"],
    ...["-bios", FIRMWARE, "-serial", "stdio", "-device", "isa-debug-exit,iobase=0x501,iosize=4"],
  ];
  // A guest that hangs ends with berth only because it is tied to it.
  await using child = startChild({ ...planTied(QEMU, args), stdout: "piped", stderr: "piped" });
  const printed = new Printed();
  using cut = new Cut(() => child.kill("SIGKILL"));
  cut.after(timeoutMs);
  const listening = listen(child.stdout, printed, () => cut.after(LOOP_MS));
  const output = Promise.all([new Response(child.stderr).text(), child.status, listening]);
  try {
    const [words, { code }] = await orAborted(output, stop);
    if (isMissing(code, words)) throw programMissing(QEMU);
    return judgeProbe(printed, { code, words, cutAfterMs: cut.afterMs });
  } catch (error) {
    child.kill("SIGKILL");
    await output;
    throw error;
  }
}

/** Ends a guest when one of some times is up. */
class Cut implements Disposable {
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #end: () => void;
  /** The time that was up. */
  afterMs: number | undefined;

  constructor(end: () => void) {
    this.#end = end;
  }

  after(ms: number): void {
    const end = () => {
      this.afterMs ??= ms;
      this.#end();
    };
    this.#timers.push(setTimeout(end, ms));
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

async function listen(stdout: ReadableStream<Uint8Array>, printed: Printed, onLoop: () => void): Promise<void> {
  for await (const piece of stdout.pipeThrough(new TextDecoderStream())) {
    const wasSilent = printed.text === "";
    printed.add(piece, performance.now());
    if (wasSilent) onLoop();
  }
}

/** What the guest has printed, and when: see probe.S. */
export class Printed {
  text = "";
  /** Of the host's clock. */
  #begunMs = 0;
  #lastPartMs = 0;
  #parts = 0;

  add(piece: string, nowMs: number): void {
    if (this.text === "") this.#begunMs = nowMs;
    this.text += piece;
    const parts = /^>(\.*)/.exec(this.text)?.[1].length ?? 0;
    if (parts > this.#parts) this.#lastPartMs = nowMs;
    this.#parts = parts;
  }

  /** How long the loop takes by the host's clock, from the parts of it that are done; undefined when none is. */
  get loopMs(): number | undefined {
    return this.#parts === 0 ? undefined : (this.#lastPartMs - this.#begunMs) * PARTS / this.#parts;
  }
}

/** How a probe guest ended. */
export interface ProbeEnd {
  readonly code: number;
  /** What QEMU has said. */
  readonly words: string;
  /** It was cut after that time. */
  readonly cutAfterMs?: number;
}

/** What that says of the accelerator. Pure. */
export function judgeProbe({ text, loopMs }: Pick<Printed, "text" | "loopMs">, end: ProbeEnd): ProbeResult {
  const [, khz, ticks] = /^>\.{64}([0-9a-f]{16}) ([0-9a-f]{16})\n$/.exec(text) ?? [];
  if (end.code === SUCCESS_STATUS && khz) {
    const [tscKhz, gained] = [khz, ticks].map((digits) => Number(BigInt(`0x${digits}`)));
    const byGuest = tscKhz > 0 ? gained / tscKhz : 0;
    return { works: true, detail: "the probe guest ran", tscKhz, loopMs: Math.max(byGuest, loopMs ?? 0) };
  }
  if (end.cutAfterMs !== undefined) {
    const detail = `a small guest was still not through after ${formatMillis(end.cutAfterMs)}`;
    return { works: false, timedOut: true, detail, loopMs };
  }
  const last = end.words.trim().split("\n")[0] || "it said nothing";
  return { works: false, detail: `QEMU ended with status ${end.code} (${last})` };
}
