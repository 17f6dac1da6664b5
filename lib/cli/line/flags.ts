/**
 * The flags of every command: one table for the parser and for the help.
 *
 * @module
 */

/** A flag, as the help shows it. */
export interface Flag {
  readonly name: string;
  /**
   * What its value is called; absent: the flag has none. Words in small letters stand for themselves. DIR, FILE and PATH
   * are of the host, and completed as such; GUEST is a path in the guest.
   */
  readonly value?: string;
  readonly help: string;
  /** May be given more than once. */
  readonly repeats?: boolean;
  /** Belongs to a capability that is still to come. */
  readonly notYet?: boolean;
}

const PIDS: Flag = { name: "pids", value: "N", help: "processes and threads of the VMM on the host" };

/** Limits of the VM's group that can be given to a job, and changed while it runs. */
const LIMIT_FLAGS: readonly Flag[] = [
  {
    name: "memory-high",
    value: "SIZE",
    help: "slow the VM down and reclaim its memory above this; the guest's or more",
  },
  { name: "swap", value: "SIZE", help: "the VM's swap on the host; 0 is none at all" },
  { name: "cpu-quota", value: "PERCENT", help: "CPU time of the VM, VMM included; 100 is one core, 0 is no limit" },
  { name: "cpu-weight", value: "N", help: "the VM's share of busy CPUs, 1 to 10000, where others have 100" },
  { name: "io-weight", value: "N", help: "the VM's share of busy disks, 1 to 10000, where others have 100" },
  {
    name: "io-max",
    value: "DEV:KEY=RATE[,…]",
    help: "a disk's rates per second, as in sda:rbps=10M,wiops=500; keys: rbps wbps riops wiops",
    repeats: true,
  },
  { name: "cpuset", value: "LIST", help: "the host's CPUs that the VM may use, as in 0-3,8" },
  { name: "cpuset-mems", value: "LIST", help: "the host's memory nodes that the VM may use, as in 0-1" },
];

const DEVICE: Flag = {
  name: "device",
  value: "PATH[:rwm]",
  help: "a device node of the host that the VMM may read, write or make, beside those that it needs",
  repeats: true,
};

/** Of whatever jails a VMM. */
export const UID_RANGE: Flag = {
  name: "uid-range",
  value: "FIRST-LAST",
  help: "users of the host for root's jailed VMMs and tools, one each (default 1900000000-1900065535)",
};

/** Whose VM it is, and where its group is made. */
const PLACE_FLAGS: readonly Flag[] = [
  { name: "tenant", value: "NAME", help: "whose job it is: the VMs of a tenant are in one group" },
  { name: "tenant-memory", value: "SIZE", help: "the most memory of all VMs of the tenant" },
  { name: "tenant-swap", value: "SIZE", help: "the most swap of all of them; 0 is none at all" },
  { name: "tenant-pids", value: "N", help: "processes and threads of all of them" },
  { name: "tenant-cpu-quota", value: "PERCENT", help: "CPU time of all of them; 100 is one core" },
  {
    name: "cgroup-parent",
    value: "self|PATH|SLICE:PREFIX:NAME",
    help: "below which group (default self: berth's own), or in which slice and scope of systemd",
  },
  {
    name: "cgroup-driver",
    value: "auto|cgroupfs|systemd",
    help: "who makes the group: berth, or systemd (default auto: who can)",
  },
  { name: "supervisor-memory", value: "SIZE", help: "memory.min of berth's own leaf (default 128M; 0 is none)" },
];

/** Flags of `berth run` that ask for something which only a group can give. */
export const GROUP_FLAGS: readonly Flag[] = [PIDS, ...LIMIT_FLAGS, ...PLACE_FLAGS, DEVICE];

/** Flags of `berth run`. */
export const RUN_FLAGS: readonly Flag[] = [
  {
    name: "image",
    value: "NAME|DIR",
    help: 'the image (default "default", built on first use), or a folder with a spec.json',
  },
  { name: "memory", value: "SIZE", help: "the guest's memory, as in 512M or 2G (default: the image's, 512M)" },
  { name: "cpus", value: "N", help: "virtual CPUs (default: the image's, 1)" },
  { ...PIDS, help: `${PIDS.help} (default 256)` },
  ...LIMIT_FLAGS,
  { name: "timeout", value: "TIME", help: "end the job after this time, as in 90s, 10m or 2h (default: never)" },
  {
    name: "boot-timeout",
    value: "TIME",
    help: "cut a boot after this time and try once more (default 20s, emulated 60s)",
  },
  {
    name: "drain",
    value: "CMD",
    help: "run this by the image's /bin/sh when the job has ended, before artifacts are taken",
  },
  { name: "drain-timeout", value: "TIME", help: "end that after this time (default 5m)" },
  {
    name: "cancel-timeout",
    value: "TIME",
    help: "what a cancelled job has for its own end, its drain and its artifacts (default 10s)",
  },
  {
    name: "env",
    value: "NAME[=VALUE]",
    help: "an environment variable of the job; without a value it is berth's own, and on no command line",
    repeats: true,
  },
  {
    name: "env-file",
    value: "FILE",
    help: "a line for each: NAME=VALUE, NAME, or # and a comment; with a - before it it may be missing",
    repeats: true,
  },
  {
    name: "workdir",
    value: "GUEST",
    help: "where the job starts (default /workspace with --workspace, else the image's, or /)",
  },
  {
    name: "user",
    value: "USER[:GROUP]",
    help: "who the job runs as: names of the image, or numbers (default the image's, or root)",
  },
  { name: "workspace", value: "DIR", help: "a folder that is copied into the guest as /workspace" },
  {
    name: "artifact",
    value: "GUEST=DIR",
    help: "a file or folder that is copied out into DIR when the job succeeds",
    repeats: true,
  },
  { name: "artifact-on", value: "success|failure|always", help: "after which end of the job (default success)" },
  {
    name: "scratch",
    value: "SIZE",
    help: "what the job changes of its root goes onto a disk of this size (default: in memory)",
  },
  {
    name: "volume",
    value: "PATH:GUEST[:ro]|new:SIZE:GUEST",
    help: "the job's own copy of a folder or of an ext4 file system in a file; or a new, empty one",
    repeats: true,
  },
  {
    name: "cache",
    value: "NAME:GUEST[:SIZE]",
    help: "a disk that the next job gets as this one leaves it, if it succeeds (default 8G at most)",
    repeats: true,
  },
  { name: "disk", value: "SIZE", help: "what all files of the job may take of the host's disk (default 16G)" },
  { name: "min-free", value: "SIZE", help: "end the job before the host's disk has less than this (default 256M)" },
  { name: "log-limit", value: "SIZE", help: "cut the job's stdout after this, and its stderr (default: neither)" },
  { name: "stdin", help: "give the job berth's standard input (default: it is empty)" },
  { name: "name", value: "NAME", help: "a name for the job, for the report and its VM's group" },
  {
    name: "accel",
    value: "auto|kvm|tcg",
    help: "how the guest is run (default auto: KVM if kernels boot on it, else emulated)",
  },
  {
    name: "limits",
    value: "auto|require|off",
    help: "cgroup limits: where possible, or refuse without, or none (default auto)",
  },
  ...PLACE_FLAGS,
  DEVICE,
  {
    name: "jail",
    value: "auto|require|off",
    help: "the VMM in bubblewrap: where possible, or refuse without, or not (default auto; root: require)",
  },
  UID_RANGE,
  { name: "report", value: "FILE", help: "write how it went as JSON" },
  { name: "quiet", help: "nothing on stderr but the job's own words and errors" },
];

/** Flags of `berth update`. */
export const UPDATE_FLAGS: readonly Flag[] = [
  {
    name: "memory",
    value: "SIZE",
    help: "what the VM may use of the host's memory; what the VMM needs is added, as at the start",
  },
  PIDS,
  ...LIMIT_FLAGS,
  DEVICE,
  { name: "device-rm", value: "PATH", help: "a device node that the VMM may use no more", repeats: true },
  { name: "quiet", help: "nothing on stderr but errors" },
];

/** Flags of `berth gc`. */
export const GC_FLAGS: readonly Flag[] = [
  {
    name: "cgroup-parent",
    value: "self|PATH",
    help: "the group that VMs' groups were made in (default self: berth's own)",
  },
  { name: "json", help: "what went and what is left, as JSON on stdout" },
];

/** Flags of `berth setup`. */
export const SETUP_FLAGS: readonly Flag[] = [{ name: "check", help: "install nothing, only say what is missing" }];

/** Flags of `berth serve`. */
export const SERVE_FLAGS: readonly Flag[] = [
  { name: "every", value: "TIME", help: "how often to look, as in 90s, 10m or 2h (default 10m)" },
];
