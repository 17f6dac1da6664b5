/**
 * The flags of `berth run` that are about its VM's group, its users and the host's disk, and that other commands
 * have, too.
 *
 * @module
 */

import { writeSize } from "../../base/units.ts";
import { DEFAULT_WEIGHT, SUPERVISOR_MEMORY_MIN_BYTES } from "../../cgroup/defaults.ts";
import { DEFAULTS } from "../../job/request/request.ts";
import type { FlagOf, JobFlag } from "./flag.ts";

/** `--pids`. */
export const PIDS: JobFlag = {
  name: "pids",
  key: "pids",
  kind: "count",
  setting: true,
  value: "N",
  help: "processes and threads of the VMM on the host",
};

/** Limits of the VM's group that can be given to a job, and changed while it runs. */
export const LIMIT_FLAGS: readonly JobFlag[] = [
  {
    name: "memory-high",
    key: "memoryHighBytes",
    kind: "size",
    setting: true,
    value: "SIZE",
    help: "slow the VM down and reclaim its memory above this; the guest's or more",
  },
  {
    name: "swap",
    key: "swapBytes",
    kind: "size",
    setting: true,
    value: "SIZE",
    help: "the VM's swap on the host; 0 is none at all",
  },
  {
    name: "cpu-quota",
    key: "cpuQuotaPercent",
    kind: "count",
    setting: true,
    value: "PERCENT",
    help: "CPU time of the VM, VMM included; 100 is one core, 0 is no limit",
  },
  {
    name: "cpu-weight",
    key: "cpuWeight",
    kind: "count",
    setting: true,
    value: "N",
    help: `the VM's share of busy CPUs, 1 to 10000, where others have ${DEFAULT_WEIGHT}`,
  },
  {
    name: "io-weight",
    key: "ioWeight",
    kind: "count",
    setting: true,
    value: "N",
    help: `the VM's share of busy disks, 1 to 10000, where others have ${DEFAULT_WEIGHT}`,
  },
  {
    name: "io-max",
    key: "ioMax",
    kind: "rates",
    setting: true,
    value: "DEV:KEY=RATE[,…]",
    help: "a disk's rates per second, as in sda:rbps=10M,wiops=500; keys: rbps wbps riops wiops",
    repeats: true,
  },
  {
    name: "cpuset",
    key: "cpuset",
    kind: "text",
    setting: true,
    value: "LIST",
    help: "the host's CPUs that the VM may use, as in 0-3,8",
  },
  {
    name: "cpuset-mems",
    key: "cpusetMems",
    kind: "text",
    setting: true,
    value: "LIST",
    help: "the host's memory nodes that the VM may use, as in 0-1",
  },
];

/** `--device`. */
export const DEVICE: JobFlag = {
  name: "device",
  key: "devices",
  kind: "text",
  value: "PATH[:rwm]",
  help: "a device node of the host that the VMM may read, write or make, beside those that it needs",
  repeats: true,
};

/** Of whatever writes to the host's disk. */
export const MIN_FREE: FlagOf<"minFreeBytes"> = {
  name: "min-free",
  key: "minFreeBytes",
  kind: "size",
  setting: true,
  value: "SIZE",
  help: "end the job before the host's disk has less than this",
  default: { value: writeSize(DEFAULTS.minFreeBytes) },
};

/** Of whatever jails a VMM. */
export const UID_RANGE: FlagOf<"uidRange"> = {
  name: "uid-range",
  key: "uidRange",
  kind: "range",
  setting: true,
  value: "FIRST-LAST",
  help: "users of the host for root's jailed VMMs and tools, one each",
  default: { value: `${DEFAULTS.uidRange.first}-${DEFAULTS.uidRange.last}` },
};

/** Whose VM it is, and where its group is made. */
export const PLACE_FLAGS: readonly JobFlag[] = [
  {
    name: "tenant",
    key: "tenant.name",
    kind: "text",
    value: "NAME",
    help: "whose job it is: the VMs of a tenant are in one group",
  },
  {
    name: "tenant-memory",
    key: "tenant.memoryBytes",
    kind: "size",
    setting: true,
    value: "SIZE",
    help: "the most memory of all VMs of the tenant",
  },
  {
    name: "tenant-swap",
    key: "tenant.swapBytes",
    kind: "size",
    setting: true,
    value: "SIZE",
    help: "the most swap of all of them; 0 is none at all",
  },
  {
    name: "tenant-pids",
    key: "tenant.pids",
    kind: "count",
    setting: true,
    value: "N",
    help: "processes and threads of all of them",
  },
  {
    name: "tenant-cpu-quota",
    key: "tenant.cpuQuotaPercent",
    kind: "count",
    setting: true,
    value: "PERCENT",
    help: "CPU time of all of them; 100 is one core",
  },
  {
    name: "cgroup-parent",
    key: "cgroupParent",
    kind: "text",
    setting: true,
    value: "self|PATH|SLICE:PREFIX:NAME",
    help: "below which group, or in which slice and scope of systemd",
    default: { value: DEFAULTS.cgroupParent, means: "berth's own" },
  },
  {
    name: "cgroup-driver",
    key: "cgroupDriver",
    kind: "text",
    setting: true,
    value: "auto|cgroupfs|systemd",
    help: "who makes the group: berth, or systemd",
    default: { value: DEFAULTS.cgroupDriver, means: "who can" },
  },
  {
    name: "supervisor-memory",
    key: "supervisorMemoryBytes",
    kind: "size",
    setting: true,
    value: "SIZE",
    help: "memory.min of berth's own leaf; 0 is none",
    default: { value: writeSize(SUPERVISOR_MEMORY_MIN_BYTES) },
  },
];
