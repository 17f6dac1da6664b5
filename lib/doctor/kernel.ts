/**
 * What the host's kernel is like. Pure.
 *
 * @module
 */

import { unknown } from "./case.ts";
import type { Facts } from "./facts.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Read without leaving the program, or the guest. */
const FAST_CLOCKS = ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "xen"];
const CLOCK_FILE = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/** Findings on the host's kernel: its clock, its random numbers, and what it was built with. */
export function judgeKernel(facts: Facts): Finding[] {
  return [judgeClock(facts), judgeEntropy(facts), judgeOptions(facts)];
}

function judgeClock(facts: Facts): Finding {
  const clock = facts.get("clock");
  if (clock === undefined) return unknown("kernel", `${CLOCK_FILE} can't be read`);
  if (FAST_CLOCKS.includes(clock)) {
    return ok("kernel.clocksource", `the clock is ${clock}`, "reading the time is cheap");
  }
  const better = facts.get("clock.available")?.split(" ").find((name) => FAST_CLOCKS.includes(name));
  const means = "each look at the time is slow, and VMs look often; emulated boots may hang";
  return warn("kernel.clocksource", `the clock is ${clock}`, means, better && `echo ${better} >${CLOCK_FILE}`);
}

function judgeEntropy(facts: Facts): Finding {
  if (facts.number("random") === 16) {
    return ok("kernel.entropy", "random numbers come at once", "tokens and guests' names can be made");
  }
  const bits = facts.number("entropy");
  const what = `/dev/random gave nothing in 2 s${bits === undefined ? "" : ` (${bits} bits are there)`}`;
  return warn("kernel.entropy", what, "jobs may wait for random numbers", "apt-get install -y rng-tools5");
}

function judgeOptions(facts: Facts): Finding {
  if (facts.get("config") === undefined) {
    return unknown("kernel", "the kernel's options are neither in /proc/config.gz nor in /boot");
  }
  const lacks = facts.all("config.lacks");
  if (lacks.length === 0) {
    return ok("kernel.options", "the kernel has the options that berth uses", "nothing is missing");
  }
  const means = "what they are for is missing: limits, namespaces, QEMU's own sandbox, or KVM";
  const fix = "apt-get install -y linux-image-amd64 && reboot";
  return warn("kernel.options", `the kernel is built without ${lacks.join(", ")}`, means, fix);
}
