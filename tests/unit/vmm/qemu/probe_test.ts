// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { judgeProbe, Printed, probeFirmware } from "../../../../lib/vmm/qemu/probe.ts";
import { PROBE_CODE } from "../../../../lib/vmm/qemu/probe_code.ts";
import { programsMissing, testNeeding } from "../../../support/require.ts";
import { assemble } from "../../../support/shell.ts";

const CODE = Uint8Array.fromHex(PROBE_CODE.replaceAll("\n", ""));
const HALT = 0xf4;

Deno.test("probeFirmware() is 64 KiB, with the code at its beginning and halts around it", () => {
  const image = probeFirmware();
  assertEquals(image.length, 0x10000);
  assertEquals(image.slice(0, CODE.length), CODE);
  assert(image.slice(CODE.length, 0xfff0).every((byte) => byte === HALT));
  assert(image.slice(0xfff3).every((byte) => byte === HALT));
});

Deno.test("probeFirmware() jumps from the reset vector to its first byte", () => {
  const vector = probeFirmware().slice(0xfff0);
  assertEquals(vector[0], 0xe9); // jmp rel16
  // Relative to its own end; in real mode an address wraps at 64 KiB.
  const target = 0xfff3 + new DataView(vector.buffer).getInt16(1, true);
  assertEquals(target & 0xffff, 0);
});

/** What the probe guest prints at 2 GHz, when its loop takes 50 ms. */
const WHOLE = `>${".".repeat(64)}00000000001e8480 0000000005f5e100\n`;
const WELL = { code: 33, words: "" };
const CUT = { code: 137, words: "", cutAfterMs: 3000 };

/** What is printed, piece by piece, each at a time of the host's clock. */
function print(...pieces: [piece: string, atMs: number][]): Printed {
  const printed = new Printed();
  for (const [piece, atMs] of pieces) printed.add(piece, atMs);
  return printed;
}

Deno.test("judgeProbe() takes the longer of what the guest's clock and the host's say of the loop", () => {
  const works = { works: true, detail: "the probe guest ran", tscKhz: 2_000_000 };
  assertEquals(judgeProbe(print([WHOLE, 7]), WELL), { ...works, loopMs: 50 });
  // A guest whose counter stands still while it is interpreted.
  const [begin, end] = [WHOLE.slice(0, 1), WHOLE.slice(1)];
  assertEquals(judgeProbe(print([begin, 1000], [end, 13_000]), WELL), { ...works, loopMs: 12_000 });
});

Deno.test("judgeProbe() tells the speed of a guest that was cut, too, from the parts of the loop that it did", () => {
  const printed = print([">", 1000], ["....", 2000], ["....", 3000]);
  const detail = "a small guest was still not through after 3 s";
  assertEquals(judgeProbe(printed, CUT), { works: false, timedOut: true, detail, loopMs: 16_000 });
  assertEquals(judgeProbe(print([">", 1000]), CUT).loopMs, undefined);
  assertEquals(judgeProbe(print(), CUT).loopMs, undefined);
});

Deno.test("judgeProbe() believes no guest that has printed anything else, or ended in another way", () => {
  const words = "warning: x\nother";
  const aborted = judgeProbe(print(), { code: 134, words });
  assertEquals(aborted, { works: false, detail: "QEMU ended with status 134 (warning: x)" });
  for (const text of [WHOLE.slice(1), WHOLE + "x", WHOLE.replace(".", "")]) {
    assertEquals(judgeProbe(print([text, 0]), WELL).works, false, text);
  }
  assertEquals(judgeProbe(print([WHOLE, 0]), { code: 0, words: "" }).works, false);
});

Deno.test("the loop has as many parts as are waited for", () => {
  // mov $64, %r13d
  const parts = new Uint8Array([0x41, 0xbd, 64, 0, 0, 0]);
  assert(CODE.some((_byte, at) => parts.every((byte, index) => CODE[at + index] === byte)));
});

testNeeding(await programsMissing("as", "ld", "od"), "PROBE_CODE is what scripts/assemble.sh prints", async () => {
  assertEquals(await assemble("lib/vmm/qemu/probe.S"), PROBE_CODE.trim());
});
