/**
 * Whether jobs can begin as clones of a guest that has booted. Pure.
 *
 * @module
 */

import { type Case, judgeTry } from "./case.ts";
import type { Facts } from "./facts.ts";
import { type Finding, ok, warn } from "./finding.ts";
import { isQemuBroken } from "./qemu.ts";

/** Findings on starts as clones: what guests that were started from a saved state did. */
export function judgeClone(_facts: Facts, { tries, other }: Case): Finding[] {
  if (isQemuBroken(other("qemu"))) return [];
  return judgeTry("clone", tries.clones, (clones) => {
    if (!clones) {
      return [ok("clone.starts", "no default image yet, and so no guest to try it with", "the first job boots one")];
    }
    if (clones.works) return [ok("clone.starts", clones.detail, "jobs begin as clones of a guest that has booted")];
    const means = "every job boots its own guest, which takes several times as long; --start clone refuses";
    return [warn("clone.starts", `guests don't start from a saved state: ${clones.detail}`, means)];
  });
}
