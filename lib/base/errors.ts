/**
 * The one error class of berth, and the table of everything that can be wrong.
 *
 * A code is `area.reason`; it is stable, so that scripts can rely on it in reports. The table's text is the hint: what
 * the reader can do. What is wrong with what is the message, which only the place that found out can write.
 *
 * @module
 */

/** Every error code, with the hint that goes with it. Codes that are not in here do not compile. */
export const ERRORS = {
  "usage.command": "berth --help lists the commands",
  "usage.subcommand": "berth image --help (or cache, or config) lists its commands, COMMAND --help what each one takes",
  "usage.flag": "the command with --help lists its flags",
  "usage.value": "the command with --help shows each flag's form",
  "usage.request": "berth help requests lists the keys, and the form of their values",
  "usage.environment": "set and export it, or give a value: --env NAME=VALUE, or a line of --env-file",
  "usage.not-yet": "leave the flag out; this version of berth does not have the capability",
  "config.file": "berth config --help lists the keys, and the form of their values",
  "config.value": "a value is what the flag of berth run takes; berth run --help shows each flag's form",
  "host.program-missing": "install it; as root on Debian or Ubuntu, `berth setup` does",
  "host.disk-full": "free some space on that disk, or lower --min-free; berth's own folder is where BERTH_STATE says",
  "host.memory": "free some of the host's memory: each tool of an import may take half of what is available",
  "host.read-only":
    "berth's own folder is where BERTH_STATE says: choose one on a disk that is mounted writable (mount -o remount,rw)",
  "host.state":
    "BERTH_STATE names berth's own folder: one of this user's (chown), into which nobody else may write (chmod go-w)",
  "host.request": "whoever started it may have ended; try again",
  "host.window": "the kernel's log may say why (dmesg); what the job had of the host is gone but for its folder",
  "host.kvm": "use --accel auto, or give this host a KVM that runs guests",
  "host.limits": "run in a unit or scope with Delegate=yes on a cgroup v2 host, or use --limits auto",
  "host.jail": "berth doctor says what stands in its way; --jail off does without",
  "host.device":
    "let berth make a node of it (DeviceAllow=… rwm in a unit), or give it to a group (chgrp, chmod g+rw), or --jail off",
  "host.users": "give VMs other users of the host, or more, with --uid-range FIRST-LAST",
  "cgroup.v1": "boot the host with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all, or use --limits auto",
  "cgroup.hybrid": "boot the host with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all, or use --limits auto",
  "cgroup.no-mount": "mount -t cgroup2 none /sys/fs/cgroup, or use --limits auto",
  "cgroup.namespace": "in a container use --cgroupns=private, else name a group that is mounted with --cgroup-parent",
  "cgroup.parent": "make the group first (mkdir), and give its path in the cgroup2 mount, as in /sys/fs/cgroup/ci",
  "cgroup.form": "--cgroup-parent takes self, a path like /sys/fs/cgroup/ci, or SLICE:PREFIX:NAME for systemd",
  "cgroup.controller": "add it to cgroup.subtree_control of every group above, or set Delegate=yes in the unit",
  "cgroup.read-only":
    "mount -o remount,rw /sys/fs/cgroup; in a container --cgroupns=private and a writable /sys/fs/cgroup",
  "cgroup.denied":
    "systemd-run [--user] --scope -p Delegate=yes, or Delegate=yes in the unit, or --cgroup-driver systemd",
  "cgroup.undelegated":
    "systemd-run [--user] --scope -p Delegate=yes, or Delegate=yes in the unit, or --cgroup-driver systemd",
  "cgroup.kernel": "use Linux 5.14 or newer, or --limits auto",
  "cgroup.systemd": "use --cgroup-driver cgroupfs in a delegated group, or a host where systemd runs",
  "cgroup.busy": "use a group that is berth's alone: systemd-run --scope -p Delegate=yes, or --cgroup-parent",
  "systemd.changed": "put your changes into a drop-in (systemctl edit), remove the file, and install again",
  "systemd.path": "give it an absolute path of letters, digits and ./_+@- (BERTH_STATE names the state folder)",
  "systemd.unseen": "install the binary in /usr/local/bin, and choose a state folder elsewhere (BERTH_STATE)",
  "systemd.source": "deno task compile makes a binary; run that one's systemd install",
  "image.name": "image names are made of up to 64 letters, digits, `.`, `_` and `-`, and do not begin with a dot",
  "image.not-found": "berth image ls lists the images; berth image build NAME --debian SUITE makes one",
  "image.spec": "correct the field in the image's spec.json",
  "image.file-missing": "build the image again: berth image build NAME",
  "image.kernel": "use a kernel with virtio-mmio, virtio-console and, for images with a disk, overlayfs",
  "image.build": "see the tool's words above",
  "image.in-use": "wait for the jobs, or use --force: the name goes, and the jobs keep the files until they end",
  "image.building": "try again when that is over",
  "image.left": "remove it by hand, as root or as who had it built",
  "image.import":
    "berth image import --help lists the forms: a folder, a tar, an OCI layout or archive, docker save, docker://",
  "image.package": "check the name with apt-cache search, and the suite",
  "cache.unknown": "berth cache ls lists the caches",
  "cache.broken": "berth cache rm NAME lets the next job begin with an empty one",
  "cache.busy": "wait until the job is over; `berth cache ls` shows which caches are in use",
  "cache.replaced": "look at what the job does: no VMM should be able to do that",
  "job.unknown": "the job's id stands in its report, and in the name of its folder in berth's state folder, jobs/",
  "job.record": "look at it; berth gc goes on with it when that file is empty (: >FILE), or has the right group in it",
  "job.disk": "--disk gives a job more of the host's disk; what it prints counts until your end has taken it",
  "job.workspace": "--workspace and --volume take a folder that can be read",
  "job.volume": "--volume takes PATH:GUEST[:ro] with a folder or an ext4 file system in a file, or new:SIZE:GUEST",
  "job.artifact": "--artifact takes GUEST=DIR, and GUEST must be there when the job ends",
  "job.output": "the job has run: its own end is in the report; run it again only if that does no harm",
  "job.input": "--stdin takes what can be read to its end: a file, a pipe, a terminal that stays",
  "job.user": "--user takes NAME or UID, and optionally :GROUP or :GID; names are known to the image",
  "job.workdir": "--workdir, else the image, says where a job starts; what is not there is made",
  "job.boot": "look at the guest's console above; --boot-timeout gives a slow host more time",
  "job.lost": "the VM ended under the job; its console is above",
  "machine.busy": "wait until one of them has ended",
  "guest.setup": "build the image again; its disk or its kernel does not fit",
  "guest.protocol": "the guest broke the agent's protocol; it is not to be trusted",
  "process.failed": "see the program's words above",
  "wait.cancelled": "--cancel-timeout gives a cancelled job more time",
  "wait.deadline": "the host may be overloaded; try again",
  "vmm.qmp": "QEMU broke the QMP protocol; check its version (7.2 or newer)",
  "vm.clone": "use --start auto, which boots the guest then, or change what stands in the way (berth help starts)",
  "cgroup.unit": "end the unit first (systemctl stop ends what runs in it, too), or choose another NAME",
  "cgroup.left":
    "berth gc --cgroup-parent PARENT removes it, with the group above it (a tenant's: above that) for PARENT",
  "cgroup.device": "`systemctl show -P DeviceAllow UNIT` lists the devices that a VM's processes may open",
} as const;

/** One of the codes in {@linkcode ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** Error of berth: a sentence that names the thing and what is wrong with it, a code, and a hint what to do. */
export class BerthError extends Error {
  override name = "BerthError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** What the reader can do about it. */
  get hint(): string {
    return ERRORS[this.code];
  }
}

/** Words of anything that was thrown; an error that a cleanup suppressed is not lost. */
export function describeError(error: unknown): string {
  if (error instanceof SuppressedError) return `${describeError(error.suppressed)}; then ${describeError(error.error)}`;
  if (error instanceof AggregateError) return error.errors.map(describeError).join("; ");
  return error instanceof Error ? error.message : String(error);
}

/** Handler for a catch() to which what is not there is no error: it returns `undefined` then, and throws the rest. */
export function ignoreNotFound(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/**
 * Translates "no space left" once, wherever berth writes.
 *
 * Deno has no class of its own for ENOSPC: it arrives as a plain `Error` with that code.
 */
export function translateDiskFull(error: unknown, what: string): unknown {
  const full = error instanceof Error && "code" in error && error.code === "ENOSPC";
  return full ? new BerthError("host.disk-full", `${what}: no space left on the disk`, { cause: error }) : error;
}

/** Translates "read-only" and "no space left", where berth writes into its own folder. */
export function translateRefusedWrite(error: unknown, what: string): unknown {
  const readOnly = error instanceof Error && "code" in error && error.code === "EROFS";
  return readOnly
    ? new BerthError("host.read-only", `${what}: the disk is mounted read-only`, { cause: error })
    : translateDiskFull(error, what);
}
