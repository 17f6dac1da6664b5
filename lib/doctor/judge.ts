/**
 * From what was seen of a host to what it means: each area has a judge of its own. Pure.
 *
 * What follows from another finding has none of its own: without QEMU nothing is said of its machines.
 *
 * @module
 */

import { type Case, type Judge, unknown, valueOf } from "./case.ts";
import { judgeCgroup } from "./cgroup.ts";
import { Facts, type Seen, type Tried, type Tries } from "./facts.ts";
import { type Area, AREAS, fail, type Finding, ok, type Status } from "./finding.ts";
import { judgeKernel } from "./kernel.ts";
import { judgeKvm } from "./kvm.ts";
import { judgeClone } from "./clone.ts";
import { judgeImages, judgeLeftovers } from "./contents.ts";
import { judgeJail, judgeNamespaces } from "./namespaces.ts";
import { judgeMkfs, judgePrograms } from "./programs.ts";
import { judgeQemu } from "./qemu.ts";
import { judgeState } from "./state.ts";
import { judgeDevices, judgeSystemd } from "./system.ts";

const JUDGES: Readonly<Record<Area, Judge>> = {
  host: judgeHost,
  kvm: judgeKvm,
  qemu: judgeQemu,
  programs: judgePrograms,
  namespaces: judgeNamespaces,
  cgroup: judgeCgroup,
  systemd: judgeSystemd,
  devices: judgeDevices,
  state: judgeState,
  kernel: judgeKernel,
  images: judgeImages,
  clone: judgeClone,
  leftovers: judgeLeftovers,
};

/** What was tried can be judged even if nothing else was seen. */
const TRIED_ANYWAY: Partial<Readonly<Record<Area, Judge>>> = {
  programs: (_facts, { tries }) => judgeMkfs(tries),
  namespaces: judgeJail,
  cgroup: judgeCgroup,
};

/** Findings of these areas, in their order. */
export function judge(seen: Seen, areas: readonly Area[] = AREAS): Finding[] {
  const factsOf = (area: Area) => valueOf(seen.facts[area]) ?? new Facts("");
  const about: Case = {
    isRoot: seen.isRoot,
    user: factsOf("host").get("user") ?? "USER",
    stateDir: seen.stateDir,
    tries: valueOf(seen.tries) ?? {},
    other: factsOf,
  };
  const found = areas.flatMap((area) => {
    const tried = seen.facts[area] ?? NOTHING;
    if ("value" in tried) return JUDGES[area](tried.value, about);
    return [unknown(area, tried.problem), ...TRIED_ANYWAY[area]?.(new Facts(""), about) ?? []];
  });
  return [...(seen.tries ? judgeProcess(seen.tries, areas) : []), ...found];
}

/** Worst status of some findings. */
export function worstOf(findings: readonly Finding[]): Status {
  const statuses = findings.map(({ status }) => status);
  return statuses.includes("fail") ? "fail" : statuses.includes("warn") ? "warn" : "ok";
}

/** Areas that no script has to look at. */
const NOTHING: Tried<Facts> = { value: new Facts("") };

/** One that can't start is always said: what else it was to try has no findings then. */
function judgeProcess(tries: Tried<Tries>, areas: readonly Area[]): Finding[] {
  const starts = ok("host.process", "berth's host process starts behind its windows", "jobs can start");
  if ("value" in tries) return areas.includes("host") ? [starts] : [];
  return [fail("host.process", tries.problem, "no job can start; what it takes a host process to try was not tried")];
}

function judgeHost(facts: Facts): Finding[] {
  const arch = facts.get("arch");
  if (arch === "x86_64") return [ok("host.arch", "this is an x86_64 machine", "berth's guests are of that kind")];
  return [fail("host.arch", `this is a machine of the architecture ${arch}`, "berth runs on x86_64 only")];
}
