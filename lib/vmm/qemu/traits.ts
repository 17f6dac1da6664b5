/**
 * QEMU's numbers, what it opens of the host, and what its guests have to be told. Pure.
 *
 * @module
 */

import { AGENT_SOCKET, QMP_SOCKET, SAVE_SOCKET } from "../../host/windows.ts";
import type { VmmTraits } from "../vmm.ts";
import { planShape } from "./args.ts";
import { VMM_CPU_PERCENT, vmmAddressSpaceBytes, vmmOverheadBytes } from "./overhead.ts";

/** What QEMU takes of a host. */
export const QEMU_TRAITS: VmmTraits = {
  title: "QEMU",
  cpuPercent: VMM_CPU_PERCENT,
  sockets: [QMP_SOCKET, AGENT_SOCKET, SAVE_SOCKET],
  overheadBytes: vmmOverheadBytes,
  addressSpaceBytes: vmmAddressSpaceBytes,
  devices: (accelerator) => accelerator === "kvm" ? ["/dev/kvm"] : [],
  emulatedBootArgs,
  shapeOf: planShape,
};

/**
 * Self-tests of the kernel's cryptography: known answers, computed anew at every boot, of code that has passed them in
 * the one before. The kernel leaves them out on this word unless it is in FIPS mode (notests in crypto/testmgr.c), and a
 * kernel that doesn't know the word ignores it.
 */
const NO_CRYPTO_TESTS = "cryptomgr.notests";

/**
 * An emulated guest leaves out what only costs it time, and is told how fast its time stamp counter is. Left alone, its
 * kernel measures that against the PIT, which fails when the host is busy; the microvm machine has no other clock that
 * could stand in (no HPET, no PM timer, no PIT interrupt with reduced ACPI), and the boot hangs.
 */
function emulatedBootArgs(tscKhz: number | undefined): string[] {
  const clock = tscKhz === undefined ? [] : [`tsc_early_khz=${tscKhz}`, "tsc=reliable"];
  return [NO_CRYPTO_TESTS, ...clock];
}
