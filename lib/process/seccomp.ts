/**
 * The system calls that no jailed program gets: a filter for the kernel (seccomp, in classic BPF). Pure.
 *
 * What a VMM of its own does not let itself do (QEMU's -sandbox) is the VMM's promise; this is the jail's, which is in
 * force before the VMM's first instruction.
 *
 * @module
 */

/** An instruction: code, how many to skip if true and if false, operand (linux/filter.h). */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

const LOAD = 0x20, IF_EQUAL = 0x15, IF_AT_LEAST = 0x35, IF_ANY_BIT = 0x45, RETURN = 0x06;

/** Where the kernel shows what is called: struct seccomp_data, the low halves of the arguments. */
const CALL = 0, ARCHITECTURE = 4, FIRST_ARGUMENT = 16, SECOND_ARGUMENT = 24;

const ALLOW = 0x7fff_0000, KILL = 0x8000_0000;
const failWith = (errno: number) => 0x0005_0000 | errno;
const EPERM = 1, ENOSYS = 38, EOPNOTSUPP = 95, EAFNOSUPPORT = 97;

/** linux/audit.h. */
const X86_64 = 0xc000_003e;
/**
 * removexattrat: the newest call that somebody has looked at for this list. A kernel that has newer ones is to a jailed
 * program one that has not (open_tree_attr, 467, is the first of them); so are the calls of the x32 ABI, from 2^30 on.
 */
const NEWEST = 466;

/** By their numbers on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
const DENIED: Readonly<Record<string, readonly number[]>> = {
  // Other processes: ptrace, process_vm_readv, process_vm_writev, kcmp, pidfd_getfd, process_madvise
  processes: [101, 310, 311, 312, 438, 440],
  // What is mounted: pivot_root, chroot, mount, umount2, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick,
  // mount_setattr
  mounts: [155, 161, 165, 166, 428, 429, 430, 431, 432, 433, 442],
  // Namespaces, and in a user's own ones capabilities, with all of the kernel that those open: unshare, setns
  namespaces: [272, 308],
  // Nodes, and files by their numbers: mknod, mknodat, name_to_handle_at, open_by_handle_at
  files: [133, 259, 303, 304],
  // The kernel itself: create_module, init_module, delete_module, finit_module, kexec_load, kexec_file_load, reboot,
  // syslog, bpf, perf_event_open, userfaultfd, lookup_dcookie, fanotify_init
  kernel: [174, 175, 176, 313, 246, 320, 169, 103, 321, 298, 323, 212, 300],
  // Its keys, which belong to users and not to namespaces: add_key, request_key, keyctl
  keys: [248, 249, 250],
  // The host: swapon, swapoff, acct, quotactl, quotactl_fd, sethostname, setdomainname, vhangup
  host: [167, 168, 163, 179, 443, 170, 171, 153],
  // Its disks: sync and syncfs write out what everybody has written, where fdatasync is of one file; ioprio_set goes
  // before everybody else, best effort's highest level without any right
  disks: [162, 306, 251],
  // Its clock: settimeofday, adjtimex, clock_settime, clock_adjtime
  clock: [164, 159, 227, 305],
  // The processor: modify_ldt, iopl, ioperm
  processor: [154, 172, 173],
};

/**
 * Those that programs try, and do without: clone3; io_uring_setup, io_uring_enter, io_uring_register; io_setup,
 * io_destroy, io_getevents, io_submit, io_cancel, io_pgetevents, of which the host has so many for everybody; statmount,
 * listmount, which tell what is mounted by another way than /proc, and lsm_get_self_attr, lsm_set_self_attr,
 * lsm_list_modules, which tell of the host's security modules and change the own label; cachestat, which tells what of a
 * file others have read. Looked at and left: landlock's and mseal, which only take from oneself, the futexes, and the
 * calls that are older ones with a folder (fchmodat2, setxattrat and its kin).
 */
const MISSING = [435, 425, 426, 427, 206, 207, 208, 209, 210, 333, 457, 458, 459, 460, 461, 451];

const CLONE = 56;
/** NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h); NEWTIME is of clone3 only. */
const NEW_NAMESPACES = 0x7e02_0000;

const SOCKET = 41, SOCKETPAIR = 53;
const AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10;

const MAKES_NODES = [133, 259];

const FALLOCATE = 285;
const FALLOC_FL_PUNCH_HOLE = 2;

/** System calls beside those that every program may make: each is for one that could not do its work without. */
export interface FilterOptions {
  /** Make device nodes, FIFOs and the like in what it unpacks. */
  readonly nodes?: boolean;
  /** Talk to other hosts. */
  readonly network?: boolean;
}

/** Filter of system calls, as bubblewrap reads it. */
export function planFilter({ nodes = false, network = false }: FilterOptions = {}): Uint8Array<ArrayBuffer> {
  const denied = Object.values(DENIED).flat().filter((call) => !nodes || !MAKES_NODES.includes(call));
  const instructions: Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    [IF_EQUAL, 1, 0, X86_64],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, CALL],
    [IF_AT_LEAST, 0, 1, NEWEST + 1],
    [RETURN, 0, 0, failWith(ENOSYS)],
    ...denied.flatMap((call) => refuse(call, EPERM)),
    // clone3's flags are in memory, where no filter can see them; the C library then takes clone.
    ...MISSING.flatMap((call) => refuse(call, ENOSYS)),
    ...judge(CLONE, FIRST_ARGUMENT, [IF_ANY_BIT, 1, 0, NEW_NAMESPACES], EPERM),
    // The host's vsock is in no network namespace; and no other family has anybody to talk to.
    ...expectFamily(SOCKET, network ? [AF_UNIX, AF_INET, AF_INET6] : [AF_UNIX]),
    ...expectFamily(SOCKETPAIR, [AF_UNIX]),
    // It takes the host's disk faster than berth can look; a hole gives some of it back.
    ...judge(FALLOCATE, SECOND_ARGUMENT, [IF_ANY_BIT, 0, 1, FALLOC_FL_PUNCH_HOLE], EOPNOTSUPP),
    [RETURN, 0, 0, ALLOW],
  ];
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(([code, ifTrue, ifFalse, operand], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, operand >>> 0, true);
  });
  return new Uint8Array(view.buffer);
}

function refuse(call: number, errno: number): Instruction[] {
  return [[IF_EQUAL, 0, 1, call], [RETURN, 0, 0, failWith(errno)]];
}

/** Refuses a call for all other families of sockets. */
function expectFamily(call: number, families: readonly number[]): Instruction[] {
  const { length } = families;
  return [
    [IF_EQUAL, 0, length + 3, call],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    ...families.map((family, index): Instruction => [IF_EQUAL, length - index, 0, family]),
    [RETURN, 0, 0, failWith(EAFNOSUPPORT)],
    [RETURN, 0, 0, ALLOW],
  ];
}

/** Refuses a call by one of its arguments. @param test skips one instruction when it is to be refused, else none. */
function judge(call: number, argument: number, test: Instruction, errno: number): Instruction[] {
  return [
    [IF_EQUAL, 0, 4, call],
    [LOAD, 0, 0, argument],
    test,
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, failWith(errno)],
  ];
}
