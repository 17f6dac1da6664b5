// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { BerthError, ERRORS } from "../../../lib/base/errors.ts";
import type { GroupUsage } from "../../../lib/cgroup/usage.ts";
import { exitOf } from "../../support/vmm/idle_vm.ts";
import { decideVerdict, type End, infra, type Verdict } from "../../../lib/job/verdict.ts";

interface Case {
  readonly when: string;
  readonly end: End;
  readonly usage?: GroupUsage;
  /** Verdict, exit status, the job's own exit code and signal. */
  readonly is: readonly [Verdict["verdict"], number, exitCode?: number, signal?: number];
  readonly reason: string;
}

const exit = (code: number, words = "", reason?: string) =>
  ({ kind: "vm-ended", exit: exitOf({ code, words, reason }) }) as const;

/** Every kind of end: the type makes it complete. */
const CASES: Readonly<Record<End["kind"], readonly Case[]>> = {
  exited: [
    { when: "0", end: { kind: "exited", code: 0, oomKills: 0 }, is: ["succeeded", 0, 0], reason: "status 0" },
    { when: "1", end: { kind: "exited", code: 1, oomKills: 0 }, is: ["failed", 1, 1], reason: "status 1" },
    { when: "255", end: { kind: "exited", code: 255, oomKills: 0 }, is: ["failed", 255, 255], reason: "status 255" },
    // A status that looks like a death by signal is still a status.
    { when: "137", end: { kind: "exited", code: 137, oomKills: 0 }, is: ["failed", 137, 137], reason: "status 137" },
    {
      when: "137 from a shell whose command the guest's kernel killed",
      end: { kind: "exited", code: 137, oomKills: 1 },
      is: ["oom-guest", 137, 137],
      reason: "the guest's memory ran out",
    },
    {
      when: "0 after the kernel killed something of it",
      end: { kind: "exited", code: 0, oomKills: 2 },
      is: ["succeeded", 0, 0],
      reason: "status 0",
    },
    {
      when: "2 after the kernel killed something of it",
      end: { kind: "exited", code: 2, oomKills: 1 },
      is: ["failed", 2, 2],
      reason: "memory ran out meanwhile",
    },
    {
      when: "by SIGKILL from out-of-memory",
      end: { kind: "exited", signal: 9, oomKills: 1 },
      is: ["oom-guest", 137, undefined, 9],
      reason: "the guest's memory ran out",
    },
    {
      when: "by SIGKILL of somebody",
      end: { kind: "exited", signal: 9, oomKills: 0 },
      is: ["failed", 137, undefined, 9],
      reason: "ended by signal 9",
    },
    {
      when: "by SIGSEGV beside an out-of-memory",
      end: { kind: "exited", signal: 11, oomKills: 1 },
      is: ["failed", 139, undefined, 11],
      reason: "ended by signal 11",
    },
    {
      when: "1 although the host's kernel killed in the group, as the guest has reported it",
      end: { kind: "exited", code: 1, oomKills: 0 },
      usage: { oomKills: 1, ownOoms: 1 },
      is: ["failed", 1, 1],
      reason: "status 1",
    },
  ],
  refused: [
    {
      when: "no such command",
      end: { kind: "refused", status: 127, command: "mkae" },
      is: ["failed", 127, 127],
      reason: "mkae: there is no such command in the image",
    },
    {
      when: "not executable",
      end: { kind: "refused", status: 126, command: "/etc/passwd" },
      is: ["failed", 126, 126],
      reason: "/etc/passwd: it can't be executed",
    },
    {
      when: "not executable, and why",
      end: { kind: "refused", status: 126, command: "./a", why: "./a is cut off" },
      is: ["failed", 126, 126],
      reason: "./a: it can't be executed: ./a is cut off",
    },
  ],
  "timed-out": [
    {
      when: "",
      end: { kind: "timed-out", reason: "still running after 1 s", isOver: true },
      is: ["timed-out", 124],
      reason: "after 1 s",
    },
  ],
  cancelled: [
    {
      when: "INT",
      end: { kind: "cancelled", by: "SIGINT", isOver: true },
      is: ["cancelled", 130],
      reason: "berth got SIGINT",
    },
    {
      when: "TERM",
      end: { kind: "cancelled", by: "SIGTERM", isOver: true },
      is: ["cancelled", 143],
      reason: "berth got SIGTERM",
    },
    {
      when: "PIPE",
      end: { kind: "cancelled", by: "SIGPIPE", isOver: true },
      is: ["cancelled", 141],
      reason: "nobody reads its output",
    },
  ],
  "boot-failed": [
    { when: "", end: { kind: "boot-failed", reason: "no hello" }, is: ["boot-failed", 125], reason: "no hello" },
    {
      when: "because the host's kernel killed the VM",
      end: { kind: "boot-failed", reason: "QEMU ended with status 137: it said nothing" },
      usage: { oomKills: 1, ownOoms: 1 },
      is: ["oom-host", 137],
      reason: "memory limit of its cgroup",
    },
  ],
  "vm-paused": [
    {
      when: "for a full disk of the host",
      end: { kind: "vm-paused", pause: { status: "io-error", diskFull: true } },
      is: ["infra", 125],
      reason: "the host's disk is full",
    },
    {
      when: "by an error of the VMM",
      end: { kind: "vm-paused", pause: { status: "internal-error", diskFull: false } },
      is: ["vmm-crashed", 125],
      reason: "can't run the guest any more (internal-error)",
    },
  ],
  "over-disk": [
    { when: "", end: { kind: "over-disk", reason: "it takes 2 GiB" }, is: ["failed", 153], reason: "it takes 2 GiB" },
  ],
  "vm-ended": [
    { when: "panicked", end: exit(0, "", "guest-panic"), is: ["guest-lost", 125], reason: "its kernel panicked" },
    { when: "off", end: exit(0, "", "guest-shutdown"), is: ["guest-lost", 125], reason: "it was powered off" },
    { when: "reset", end: exit(0, "", "guest-reset"), is: ["guest-lost", 125], reason: "it was reset" },
    {
      when: "abort",
      end: exit(134, "a\nqemu: assertion"),
      is: ["vmm-crashed", 125],
      reason: "was ended by signal 6 under the job (qemu: assertion)",
    },
    { when: "without a word", end: exit(0), is: ["vmm-crashed", 125], reason: "status 0 under the job" },
    { when: "killed, nobody counts", end: exit(137), is: ["vmm-crashed", 125], reason: "signal 9" },
    {
      when: "killed by nobody's OOM",
      end: exit(137),
      usage: { oomKills: 0, ownOoms: 1 },
      is: ["vmm-crashed", 125],
      reason: "signal 9",
    },
    {
      when: "killed by the host's OOM",
      end: exit(137),
      usage: { oomKills: 2, ownOoms: 1 },
      is: ["oom-host", 137],
      reason: "memory limit",
    },
    {
      when: "killed by the host's OOM, but not for its own limit",
      end: exit(137),
      usage: { oomKills: 2, ownOoms: 0 },
      is: ["oom-host", 137],
      reason: "not by its own limit",
    },
    {
      when: "killed as a whole by the host's OOM, where the kernel counts no more",
      end: exit(137),
      usage: { oomGroupKills: 1 },
      is: ["oom-host", 137],
      reason: "memory limit",
    },
    {
      when: "that used up the CPU time of a host without cgroups",
      end: exit(152),
      is: ["vmm-crashed", 125],
      reason: "CPU time",
    },
    {
      when: "ended by a signal of the host",
      end: exit(0, "", "host-signal"),
      is: ["vmm-crashed", 125],
      reason: "signal",
    },
  ],
  "agent-lost": [
    { when: "", end: { kind: "agent-lost", reason: "it hung up" }, is: ["guest-lost", 125], reason: "it hung up" },
    {
      when: "after a host's OOM",
      end: { kind: "agent-lost", reason: "it hung up" },
      usage: { oomKills: 1, ownOoms: 1 },
      is: ["oom-host", 137],
      reason: "memory limit",
    },
  ],
  infra: [
    { when: "", end: { kind: "infra", reason: "no space" }, is: ["infra", 125], reason: "no space" },
    {
      when: "after a success of the job's own",
      end: { kind: "infra", reason: "lost", code: "job.output", exitCode: 0 },
      is: ["infra", 125, 0],
      reason: "lost",
    },
  ],
};

for (const { when, end, usage, is, reason } of Object.values(CASES).flat()) {
  Deno.test(`decideVerdict() makes ${is[0]} of ${end.kind} ${when}`, () => {
    const { verdict, status, exitCode, signal, reason: words } = decideVerdict(end, { started: false, usage });
    assertEquals([verdict, status, exitCode, signal], [is[0], is[1], is[2], is[3]]);
    assert(words.includes(reason), words);
  });
}

Deno.test("decideVerdict() has a code where an error of berth's is the reason, and for a job that is too large", () => {
  const codes = [infra(new BerthError("host.disk-full", "x")), infra(new Error("x")), {
    kind: "over-disk",
    reason: "x",
  }];
  assertEquals((codes as End[]).map((end) => decideVerdict(end, { started: false }).code), [
    "host.disk-full",
    undefined,
    "job.disk",
  ]);
});

Deno.test("decideVerdict() has a job that could not be cloned for one that never started, and says what to do", () => {
  const error = new BerthError("vm.clone", "neither a clone nor a saved start could be had: --device");
  const { verdict, status, code, hint } = decideVerdict(infra(error), { started: false });
  assertEquals([verdict, status, code, hint], ["infra", 125, "vm.clone", ERRORS["vm.clone"]]);
});

Deno.test("decideVerdict() hands hints on, and gives one for boots", () => {
  assertEquals(decideVerdict({ kind: "infra", reason: "x", hint: "do y" }, { started: false }).hint, "do y");
  assertEquals(decideVerdict({ kind: "boot-failed", reason: "x" }, { started: false }).hint, ERRORS["job.boot"]);
});

for (const { when, end, usage, is } of Object.values(CASES).flat()) {
  const status = is[1] === 125 ? 123 : is[1];
  Deno.test(`decideVerdict() gives ${end.kind} ${when}, of a job that had started, the status ${status}`, () => {
    const started = decideVerdict(end, { started: true, usage });
    assertEquals([started.verdict, started.status], [is[0], status]);
  });
}

Deno.test("decideVerdict() leaves a job's own 125 as it is", () => {
  assertEquals(decideVerdict({ kind: "exited", code: 125, oomKills: 0 }, { started: true }).status, 125);
});
