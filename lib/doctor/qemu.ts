/**
 * Whether there is a QEMU that can run berth's VMs. Pure.
 *
 * @module
 */

import { type Case, judgeTry } from "./case.ts";
import type { Facts } from "./facts.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

const INSTALL = "apt-get install -y qemu-system-x86";
const NO_JOB = "no job can run";
/** Debian 12's; older ones were never tried. */
const OLDEST: readonly [major: number, minor: number] = [7, 2];

/** Findings on QEMU: its version, its machines, and whether it can emulate. */
export function judgeQemu(facts: Facts, { tries }: Case): Finding[] {
  const version = judgeVersion(facts);
  if (version.status === "fail") return [version];
  const hasMachine = facts.all("qemu.machine").includes("microvm");
  return [
    version,
    hasMachine
      ? ok("qemu.machine", "QEMU has the machine microvm", "VMs have the machine that they are made for")
      : fail("qemu.machine", "QEMU has no machine microvm", NO_JOB, INSTALL),
    ...(hasMachine ? judgeEmulation(tries) : []),
  ];
}

/** True when QEMU is known not to run VMs: it need not be asked for more. */
export function isQemuBroken(facts: Facts): boolean {
  if (facts.get("qemu") === undefined) return false;
  return judgeVersion(facts).status === "fail" || !facts.all("qemu.machine").includes("microvm");
}

function judgeVersion(facts: Facts): Finding {
  if (facts.get("qemu") !== "there") return fail("qemu.version", "there is no qemu-system-x86_64", NO_JOB, INSTALL);
  const words = facts.get("qemu.version") || "it said nothing";
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(words)?.map(Number) ?? [];
  if (major === undefined) {
    const fix = "apt-get install -y --reinstall qemu-system-x86";
    return fail("qemu.version", `qemu-system-x86_64 does not tell its version: ${words}`, NO_JOB, fix);
  }
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (!isOld) return ok("qemu.version", `QEMU is ${major}.${minor}`, "VMs can run");
  const what = `QEMU is ${major}.${minor}, older than ${OLDEST.join(".")}`;
  return warn("qemu.version", what, "berth was never tried on it", INSTALL);
}

function judgeEmulation({ emulation }: Case["tries"]): Finding[] {
  return judgeTry("qemu", emulation, (guest) => {
    if (!guest) return [];
    if (guest.works) return [ok("qemu.emulation", "an emulated guest ran", "jobs run without KVM, too")];
    if (guest.timedOut) return [warn("qemu.emulation", guest.detail, "emulated jobs may not boot in time")];
    return [fail("qemu.emulation", `emulation does not work either: ${guest.detail}`, NO_JOB, INSTALL)];
  });
}
