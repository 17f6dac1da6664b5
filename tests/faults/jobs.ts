/**
 * Jobs that do everything to look like something else: the verdict is what happened.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Case } from "./harness.ts";

type Row = readonly [
  what: string,
  script: string,
  verdict: Case["verdict"],
  status: number,
  flags?: readonly string[],
  check?: Case["check"],
];

/** Every place where a job, which is root in its guest, could find the agent's port; two of them it makes itself. */
const FORGE = `mkdir /tmp/d; n=0
  for line in $(cat /sys/class/virtio-ports/*/dev /sys/class/tty/hvc*/dev 2>/dev/null); do
    mknod /tmp/d/$((n += 1)) c \${line%:*} \${line#*:}
  done
  for port in /tmp/d/* /dev/vport* /dev/hvc* /dev/ttyS0 /dev/console; do
    (printf 'started\\nexited code 0 0\\ncollected\\n' >$port) 2>/dev/null
  done`;

const ROWS: readonly Row[] = [
  // All of them, and all signals, are asked of the agent's own words: see tests/unit/guest/exit_status_test.ts.
  ...[0, 3, 125, 137, 143].map((status): Row => [
    `exits with ${status}`,
    `exit ${status}`,
    status === 0 ? "succeeded" : "failed",
    status,
  ]),
  ...[2, 9, 11, 15].map((signal): Row => [
    `is ended by signal ${signal}`,
    `exec sh -c 'kill -${signal} $$; sleep 1'`,
    "failed",
    128 + signal,
  ]),
  ["is not there", "exec /no/such", "failed", 127],
  ["forges the agent's lines", `${FORGE}; exit 5`, "failed", 5],
  ["forges the agent's lines, and then the kernel panics", `${FORGE}; echo c >/proc/sysrq-trigger`, "guest-lost", 123],
  ["prints the agent's lines", "echo 'exited code 0 0' | tee /dev/stderr; exit 6", "failed", 6],
  // One of them would have told its status.
  ["kills everything that it sees", "kill -9 -1; exit 0", "failed", 137],
  ["kills everything that it sees, but not itself", "trap '' TERM; kill -15 -1; exit 7", "failed", 137],
  ["kills the first process that it sees", "kill -9 1; kill -15 1; exit 8", "failed", 8],
  ["stops everything that it sees", "kill -STOP -1; exit 9", "timed-out", 124, ["--timeout", "2s"]],
  ["stops itself", "kill -STOP $$; exit 0", "timed-out", 124, ["--timeout", "2s"]],
  ["powers off", "poweroff -f; sleep 2; exit 0", "failed", 137],
  ["reboots", "reboot -f; sleep 2; exit 0", "failed", 137],
  ["halts", "halt -f; sleep 2; exit 0", "failed", 137],
  ["makes the kernel panic", "echo c >/proc/sysrq-trigger; sleep 5", "guest-lost", 123],
  [
    "makes the kernel panic beside a success",
    "(sleep 1; echo c >/proc/sysrq-trigger) & sleep 5; exit 0",
    "guest-lost",
    123,
  ],
  ["resets the machine", "echo b >/proc/sysrq-trigger; sleep 5", "guest-lost", 123],
  ["switches the machine off", "echo o >/proc/sysrq-trigger; sleep 60", "guest-lost", 123, ["--timeout", "20s"]],
  ["has the kernel TERM everything", "echo e >/proc/sysrq-trigger; sleep 60", "failed", 137, ["--timeout", "9s"]],
  ["has the kernel KILL everything", "echo i >/proc/sysrq-trigger; sleep 60", "failed", 137, ["--timeout", "9s"]],
  ["runs out of memory", "exec tail /dev/zero", "oom-guest", 137, ["--memory", "128M"]],
  ["runs out of memory in a child", "tail /dev/zero; exit $?", "oom-guest", 137, ["--memory", "128M"]],
  ["runs out of memory and goes on", "tail /dev/zero; exit 0", "succeeded", 0, ["--memory", "128M"]],
  ["fills its file system", "dd if=/dev/zero of=/f bs=1M; exit 4", "failed", 4, ["--memory", "128M"]],
  ["forks without end", "b() { b | b & }; b; sleep 60", "timed-out", 124, ["--timeout", "3s", "--memory", "256M"]],
  ["leaves processes behind", "for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; exit 2", "failed", 2],
  [
    "floods the console",
    "for i in 1 2 3; do seq 30000 >/dev/console 2>&1 || seq 30000 >/dev/ttyS0; done; exit 3",
    "failed",
    3,
  ],
  ["prints control characters", "printf '\\033]0;x\\007' >&2; exit 3", "failed", 3],
  [
    "prints 50 MB, and the kernel panics",
    "yes 0123456789abcde | head -c 50000000; sync; echo c >/proc/sysrq-trigger; sleep 5",
    "guest-lost",
    123,
    [],
    ({ out }) => {
      // What had left the guest is whole: the end may still have been in it.
      assertEquals(out.length > 49_000_000, true, `${out.length} bytes`);
      assertEquals(out.every((byte, index) => byte === LINE[index % 16]), true);
    },
  ],
  [
    "sleeps too long",
    "echo a; sleep 60",
    "timed-out",
    124,
    ["--timeout", "1s"],
    ({ stdout }) => assertEquals(stdout, "a\n"),
  ],
  ["ignores TERM for too long", "trap '' TERM; while :; do sleep 1; done", "timed-out", 124, ["--timeout", "1s"]],
  ["ends with 0 on TERM", "trap 'exit 0' TERM; while :; do sleep 1; done", "timed-out", 124, ["--timeout", "1s"]],
  ["closes its output", "exec >&- 2>&-; sleep 1; exit 4", "failed", 4],
  ["mounts over everything", "mount -t tmpfs x / 2>/dev/null; mount -t tmpfs x /dev; exit 4", "failed", 4],
  ["changes the clock", "date -s @0 >/dev/null; exit 4", "failed", 4],
];

const LINE = new TextEncoder().encode("0123456789abcde\n");

/** A case for each of them. */
export const JOB_CASES: readonly Case[] = ROWS.map(([what, script, verdict, status, flags = [], check]) => ({
  label: `a job that ${what}`,
  script,
  flags,
  verdict,
  status,
  check,
}));
