/**
 * Whether berth can hide the host from itself, and from QEMU. Pure.
 *
 * @module
 */

import { type Case, judgeTry, wordsOf } from "./case.ts";
import type { Facts } from "./facts.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

/** Findings on namespaces: berth's own, users', and a jail's. */
export function judgeNamespaces(facts: Facts, about: Case): Finding[] {
  const { isRoot } = about;
  const own = facts.get(isRoot ? "namespaces.mount" : "namespaces.user");
  const user = facts.get("namespaces.user");
  const fix = sysctlFix(facts, isRoot);
  return [
    isRoot && own !== "works" && user === "works"
      ? asUser(own)
      : own === "works"
      ? ok("namespaces.own", "berth can make namespaces of its own", "it sees only what a job needs")
      : fail("namespaces.own", `berth can't make namespaces: ${wordsOf(own)}`, "no job can run", fix),
    ...(isRoot ? [judgeUser(user, fix)] : []),
    ...judgeJail(facts, about),
  ];
}

/** A container's root, without CAP_SYS_ADMIN. */
function asUser(own: string | undefined): Finding {
  const what = `root can't make a mount namespace (${wordsOf(own)}), but a user namespace`;
  const means =
    "berth runs in one: VMs can't be users of their own, and get no groups; CAP_SYS_ADMIN gives the container both";
  return warn("namespaces.own", what, means);
}

function judgeUser(user: string | undefined, fix: string | undefined): Finding {
  if (user === "works") {
    return ok("namespaces.user", "user namespaces can be made", "users who are not root can run berth");
  }
  const means = "users who are not root can't run berth";
  return warn("namespaces.user", `no user namespace can be made: ${wordsOf(user)}`, means, fix);
}

/** Findings on the program that was jailed. */
export function judgeJail(facts: Facts, { isRoot, tries }: Case): Finding[] {
  const isMissing = facts.get("bwrap") === "missing";
  return judgeTry("namespaces", tries.jail, ({ works, detail }) => [
    works ? jailWorks(isRoot) : isMissing ? noJail(isRoot) : jailFails(detail, isRoot, sysctlFix(facts, isRoot)),
  ]);
}

function jailWorks(isRoot: boolean): Finding {
  const means = isRoot ? "each QEMU is jailed, as a user of its own" : "each QEMU is jailed, as this user";
  return ok("namespaces.jail", "a program ran in bubblewrap", means);
}

const LESS = "QEMU runs without its jail; --jail require refuses, and no image can be imported";
const NO_JOB = "no job runs but with --jail auto or off, and no image can be imported";

function noJail(isRoot: boolean): Finding {
  const [say, means] = isRoot ? [fail, NO_JOB] as const : [warn, LESS] as const;
  return say("namespaces.jail", "there is no bwrap", means, "apt-get install -y bubblewrap");
}

function jailFails(detail: string, isRoot: boolean, fix: string | undefined): Finding {
  const what = `the jail of a VMM does not work: ${detail}`;
  // Nobody else loses as much by a VMM that breaks out.
  return isRoot ? fail("namespaces.jail", what, NO_JOB, fix) : warn("namespaces.jail", what, LESS, fix);
}

/** The setting of the kernel that stands in the way, if it is one. */
function sysctlFix(facts: Facts, isRoot: boolean): string | undefined {
  if (facts.get("namespaces.most_mount") === "0") return set("user.max_mnt_namespaces=15000");
  if (facts.get("namespaces.most") === "0") return set("user.max_user_namespaces=15000");
  if (isRoot) return undefined;
  if (facts.get("namespaces.unprivileged") === "0") return set("kernel.unprivileged_userns_clone=1");
  // Ubuntu 23.10 and later: a profile is needed, or this.
  if (facts.get("namespaces.apparmor") === "1") return set("kernel.apparmor_restrict_unprivileged_userns=0");
}

function set(setting: string): string {
  return `echo ${setting} >>/etc/sysctl.d/60-berth.conf && sysctl -w ${setting}`;
}
