// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { type FilterOptions, planFilter } from "../../../lib/process/seccomp.ts";

const X86_64 = 0xc000003e, I386 = 0x40000003;
const ALLOW = "allow";
const [EPERM, ENOSYS, EOPNOTSUPP, EAFNOSUPPORT] = ["errno 1", "errno 38", "errno 95", "errno 97"];

/** What the kernel makes of the filter for a call: the part of BPF that a filter of system calls may use, and this one does. */
function judge(call: number, argument = 0n, architecture = X86_64, second = 0n, options?: FilterOptions): string {
  const filter = new DataView(planFilter(options).buffer);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call, true);
  data.setUint32(4, architecture, true);
  data.setBigUint64(16, argument, true);
  data.setBigUint64(24, second, true);
  let accumulator = 0;
  for (let at = 0; at * 8 < filter.byteLength; at++) {
    const [code, operand] = [filter.getUint16(at * 8, true), filter.getUint32(at * 8 + 4, true)];
    const jump = (isTrue: boolean) => filter.getUint8(at * 8 + (isTrue ? 2 : 3));
    if (code === 0x20) accumulator = data.getUint32(operand, true);
    else if (code === 0x15) at += jump(accumulator === operand);
    else if (code === 0x35) at += jump(accumulator >= operand);
    else if (code === 0x45) at += jump((accumulator & operand) !== 0);
    else if (code === 0x06) return describe(operand);
    else throw new Error(`no instruction: ${code}`);
  }
  throw new Error("the filter has no end");
}

function describe(result: number): string {
  if (result === 0x7fff0000) return ALLOW;
  return result === 0x80000000 ? "kill" : `errno ${result & 0xffff}`;
}

Deno.test("planFilter() lets pass what programs live by", () => {
  // read, openat, mmap, futex, fork, vfork, execve, exit_group, setresuid, setgroups, capset, prctl, seccomp, accept4
  for (const call of [0, 257, 9, 202, 57, 58, 59, 231, 117, 116, 126, 157, 317, 288]) {
    assertEquals([call, judge(call)], [call, ALLOW]);
  }
});

Deno.test("planFilter() refuses what only concerns others: processes, mounts, namespaces, nodes, the kernel", () => {
  // ptrace, process_vm_writev, mount, umount2, fsmount, unshare, setns, mknodat, open_by_handle_at, finit_module, bpf,
  // kexec_load, keyctl, swapon, clock_settime, ioperm
  for (const call of [101, 311, 165, 166, 432, 272, 308, 259, 304, 313, 321, 246, 250, 167, 227, 173]) {
    assertEquals([call, judge(call)], [call, EPERM]);
  }
});

Deno.test("planFilter() lets programs believe that the kernel is older than what no filter can look into", () => {
  // io_uring_setup, io_uring_enter, io_uring_register, clone3, io_setup, io_pgetevents
  for (const call of [425, 426, 427, 435, 206, 333]) assertEquals([call, judge(call)], [call, ENOSYS]);
});

Deno.test("planFilter() has no call that is newer than those that were looked at", () => {
  // mseal, setxattrat, removexattrat; open_tree_attr, file_getattr, file_setattr, and whatever comes
  for (const call of [462, 463, 466]) assertEquals([call, judge(call)], [call, ALLOW]);
  for (const call of [467, 468, 469, 470, 1000, 0x3fffffff]) assertEquals([call, judge(call)], [call, ENOSYS]);
});

Deno.test("planFilter() keeps mounts, security modules and the page cache to the host, and its disks for everybody", () => {
  // statmount, listmount, lsm_get_self_attr, lsm_set_self_attr, lsm_list_modules, cachestat
  for (const call of [457, 458, 459, 460, 461, 451]) assertEquals([call, judge(call)], [call, ENOSYS]);
  // sync, syncfs, ioprio_set; fsync, fdatasync, ioprio_get
  for (const call of [162, 306, 251]) assertEquals([call, judge(call)], [call, EPERM]);
  for (const call of [74, 75, 252]) assertEquals([call, judge(call)], [call, ALLOW]);
});

Deno.test("planFilter() knows a new process and a new thread from a new namespace", () => {
  const [thread, process] = [0x3d0f00n, 0x1200011n];
  assertEquals([judge(56, thread), judge(56, process), judge(56, 17n)], [ALLOW, ALLOW, ALLOW]);
  for (const flag of [0x20000n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n]) {
    assertEquals([flag, judge(56, flag | 17n)], [flag, EPERM]);
  }
});

Deno.test("planFilter() has sockets of this host's paths only", () => {
  assertEquals([judge(41, 1n), judge(53, 1n)], [ALLOW, ALLOW]);
  // inet, inet6, netlink, packet, alg, vsock, and one of which the kernel looks at the low half only
  for (const family of [2n, 10n, 16n, 17n, 38n, 40n, 0x1_0000_0028n]) {
    for (const call of [41, 53]) assertEquals([family, judge(call, family)], [family, EAFNOSUPPORT]);
  }
});

Deno.test("planFilter() lets who unpacks make nodes, and who fetches talk to other hosts, and no more than that", () => {
  const calls = (options: FilterOptions) => [133, 259, 304, 272].map((call) => judge(call, 0n, X86_64, 0n, options));
  assertEquals(calls({ nodes: true }), [ALLOW, ALLOW, EPERM, EPERM]);
  assertEquals(calls({ network: true }), [EPERM, EPERM, EPERM, EPERM]);
  const families = (call: number, options: FilterOptions) =>
    [1n, 2n, 10n, 16n, 40n].map((family) => judge(call, family, X86_64, 0n, options) === ALLOW);
  assertEquals(families(41, { network: true }), [true, true, true, false, false]);
  assertEquals(families(53, { network: true }), [true, false, false, false, false]);
  assertEquals(families(41, { nodes: true }), [true, false, false, false, false]);
});

Deno.test("planFilter() lets holes be made in files, and no room be taken without a write", () => {
  const [keepSize, punchHole, zeroRange] = [1n, 2n, 16n];
  for (
    const [mode, result] of [[punchHole | keepSize, ALLOW], [0n, EOPNOTSUPP], [
      keepSize | zeroRange,
      EOPNOTSUPP,
    ]] as const
  ) {
    assertEquals([mode, judge(285, 9n, X86_64, mode)], [mode, result]);
  }
});

Deno.test("planFilter() takes no other architecture's calls for those of its own", () => {
  assertEquals([judge(0, 0n, I386), judge(0x40000000), judge(0x40000000 + 272)], ["kill", ENOSYS, ENOSYS]);
});
