// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { probeFirmware } from "../../../../lib/vmm/qemu/probe.ts";
import { PROBE_CODE } from "../../../../lib/vmm/qemu/probe_code.ts";
import { programsMissing, testNeeding } from "../../../support/require.ts";
import { temporaryFolder } from "../../../support/temp.ts";

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

testNeeding(
  await programsMissing("as", "ld", "od"),
  "PROBE_CODE is what scripts/assemble_probe.sh prints",
  async () => {
    await using folder = await temporaryFolder();
    const script = new URL("../../../../scripts/assemble_probe.sh", import.meta.url).pathname;
    const options = { args: [script], env: { TMPDIR: folder.path } };
    const { success, stdout, stderr } = await new Deno.Command("sh", options).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(new TextDecoder().decode(stdout).trim(), PROBE_CODE.trim());
  },
);
