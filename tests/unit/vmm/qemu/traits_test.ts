// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { QEMU_TRAITS } from "../../../../lib/vmm/qemu/traits.ts";

Deno.test("QEMU opens the device of KVM where it runs guests by it, and no other", () => {
  assertEquals([QEMU_TRAITS.devices("kvm"), QEMU_TRAITS.devices("tcg")], [["/dev/kvm"], []]);
});

Deno.test("QEMU dials into the three sockets that berth's permissions name", () => {
  const names = ["qmp", "agent", "save"];
  assertEquals(QEMU_TRAITS.sockets, names.map((name) => `/run/berth/self/${name}.sock`));
});

Deno.test("an emulated guest of QEMU's tests no cryptography, and is told its clock's frequency where that is known", () => {
  const clock = ["tsc_early_khz=2999999", "tsc=reliable"];
  assertEquals(QEMU_TRAITS.emulatedBootArgs(2_999_999), ["cryptomgr.notests", ...clock]);
  assertEquals(QEMU_TRAITS.emulatedBootArgs(undefined), ["cryptomgr.notests"]);
});
