/**
 * Whether the programs are there that berth runs. Pure.
 *
 * @module
 */

import { HOST_PROGRAMS } from "../host/programs.ts";
import { type Case, judgeTry } from "./case.ts";
import type { Facts } from "./facts.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

/** Without these no job runs; QEMU and bubblewrap are found out about by running them. */
const FOR_JOBS = ["busybox", "unshare", "setpriv", "prlimit", "setsid", "mount", "find", "tar", "cp", "fallocate"];
const ELSEWHERE = ["qemu-system-x86_64", "bwrap", "mke2fs", "debugfs"];
const FOR_IMAGES = HOST_PROGRAMS.map(({ program }) => program).filter((name) =>
  !FOR_JOBS.includes(name) && !ELSEWHERE.includes(name)
);

/** Names of the programs that are looked for. */
export const PROGRAMS_TO_LOOK_FOR: readonly string[] = [...FOR_JOBS, ...FOR_IMAGES, "mke2fs"];

/** Findings on programs: those that jobs need, those that make images, and what makes disks. */
export function judgePrograms(facts: Facts, { tries }: Case): Finding[] {
  const there = facts.all("program");
  const lacking = (names: readonly string[]) => names.filter((name) => !there.includes(name));
  const [forJobs, forImages] = [lacking(FOR_JOBS), lacking(FOR_IMAGES)];
  return [
    forJobs.length
      ? fail("programs.jobs", `not on this host: ${forJobs.join(", ")}`, "no job can run", install(forJobs))
      : ok("programs.jobs", "the programs that jobs need are there", "jobs can run"),
    ...(there.includes("busybox") ? [judgeBusybox(facts)] : []),
    ...(there.includes("mke2fs") ? judgeMkfs(tries) : [fail("programs.mkfs", "there is no mke2fs", WITH_DISKS, DISKS)]),
    forImages.length
      ? warn("programs.images", `not on this host: ${forImages.join(", ")}`, NOT_ALL_IMAGES, install(forImages))
      : ok("programs.images", "the programs that make images are there", "images can be built and imported"),
  ];
}

const NOT_ALL_IMAGES = "jobs run, but not every kind of image can be built or imported here";
const WITH_DISKS = "no job with --workspace, --scratch, --volume or --cache can run";
const DISKS = "apt-get install -y e2fsprogs";

function judgeBusybox(facts: Facts): Finding {
  if (facts.get("busybox") !== "dynamic") {
    return ok("programs.busybox", "busybox is linked statically", "guests can be built with it");
  }
  const what = "busybox is linked dynamically, and guests have no libraries";
  return fail("programs.busybox", what, "no image can be built", install(["busybox"]));
}

/** Findings on the disk that was made. */
export function judgeMkfs({ mkfs }: Case["tries"]): Finding[] {
  return judgeTry("programs", mkfs, ({ works, detail }) => [
    works
      ? ok("programs.mkfs", "a small ext4 disk was made", "jobs can have disks")
      : fail("programs.mkfs", `no ext4 disk can be made: ${detail}`, WITH_DISKS, DISKS.replace("-y", "-y --reinstall")),
  ]);
}

function install(programs: readonly string[]): string {
  const packages = programs.map((name) => HOST_PROGRAMS.find(({ program }) => program === name)!.package);
  return `apt-get install -y ${[...new Set(packages)].join(" ")}`;
}
