// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { CgroupFsError, type Errno } from "../../../lib/cgroup/cgroup_fs.ts";
import type { Controller } from "../../../lib/cgroup/limits.ts";
import { SUPERVISOR_MEMORY_MIN_BYTES } from "../../../lib/cgroup/defaults.ts";
import { prepareParent } from "../../../lib/cgroup/supervisor.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

const ALL: readonly Controller[] = ["cpuset", "cpu", "io", "memory", "pids"];
const LEAF = "supervisor/cgroup.procs";

async function pidsIn(fs: FakeCgroupFs, path: string): Promise<string[]> {
  return (await fs.read(path ? `${path}/cgroup.procs` : "cgroup.procs")).split("\n").filter((pid) => pid).sort();
}

const asText = (...processes: readonly { pid: number }[]) => processes.map(({ pid }) => String(pid)).sort();

function writes(fs: FakeCgroupFs, path: string): (string | undefined)[] {
  return fs.calls.filter((call) => call.operation === "write" && call.path === path).map(({ data }) => data);
}

async function refusal(fs: FakeCgroupFs, code: ErrorCode, words: string): Promise<void> {
  assertEquals((await assertRejects(() => prepareParent(fs), BerthError, words)).code, code);
}

Deno.test("prepareParent() leaves the processes of the tree's root where they are", async () => {
  const fs = new FakeCgroupFs({ top: "root" });
  const processes = [fs.spawn(""), fs.spawn("", { isKernelThread: true })];
  assertEquals(await prepareParent(fs), [...ALL]);
  assertEquals([await pidsIn(fs, ""), await fs.children("")], [asText(...processes), []]);
});

for (const top of ["group", "namespace"] as const) {
  Deno.test(`prepareParent() moves every process of a ${top} into the leaf, then enables controllers`, async () => {
    const fs = new FakeCgroupFs({ top });
    const processes = [fs.spawn(""), fs.spawn(""), fs.spawn("")];
    assertEquals(await prepareParent(fs), [...ALL]);
    assertEquals(await pidsIn(fs, ""), []);
    assertEquals(await pidsIn(fs, "supervisor"), asText(...processes));
    assertEquals(await fs.read("supervisor/memory.min"), String(SUPERVISOR_MEMORY_MIN_BYTES));
    const written = fs.calls.filter(({ operation }) => operation === "write").map(({ path }) => path);
    assert(written.lastIndexOf(LEAF) < written.indexOf("cgroup.subtree_control"), written.join());
  });
}

Deno.test("prepareParent() makes no leaf in a group without processes", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  assertEquals([await prepareParent(fs), await fs.children("")], [[...ALL], []]);
});

Deno.test("prepareParent() prepares a group below the window's top", async () => {
  const fs = new FakeCgroupFs();
  await fs.mkdir("ci");
  await fs.write("cgroup.subtree_control", "+memory +pids +cpu");
  const { pid } = fs.spawn("ci");
  assertEquals(await prepareParent(fs, "ci"), ["cpu", "memory", "pids"]);
  assertEquals(await pidsIn(fs, "ci/supervisor"), [String(pid)]);
});

Deno.test("prepareParent() finds what was prepared before, and writes nothing twice", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const first = fs.spawn("");
  await prepareParent(fs);
  const before = fs.calls.length;
  assertEquals(await prepareParent(fs), [...ALL]);
  const written = fs.calls.slice(before).filter(({ operation }) => operation === "write").map(({ path }) => path);
  assertEquals([written, await pidsIn(fs, "supervisor")], [["supervisor/memory.min"], asText(first)]);
});

Deno.test("prepareParent() enables only what is not enabled", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  await fs.write("cgroup.subtree_control", "+memory +cpu");
  await prepareParent(fs);
  assertEquals(writes(fs, "cgroup.subtree_control"), ["+memory +cpu", "+pids", "+io", "+cpuset"]);
});

Deno.test("prepareParent() catches with a second pass what is forked while it moves", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const [first, second] = [fs.spawn(""), fs.spawn("")];
  const born: { pid: number }[] = [];
  fs.faults.after({ operation: "write", path: LEAF }, () => void born.push(fs.fork(second.pid)!), 1);
  await prepareParent(fs);
  assertEquals(await pidsIn(fs, "supervisor"), asText(first, second, ...born));
  assertEquals([born.length, await pidsIn(fs, "")], [1, []]);
});

Deno.test("prepareParent() catches what is forked after the last look, when the kernel says EBUSY", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const parent = fs.spawn("");
  const late: { pid: number }[] = [];
  // The look that finds the group empty is the first after the move.
  const onMoved = () =>
    void fs.faults.after({ operation: "read", path: "cgroup.procs" }, () => void late.push(fs.spawn("")), 1);
  fs.faults.after({ operation: "write", path: LEAF }, onMoved, 1);
  assertEquals(await prepareParent(fs), [...ALL]);
  assertEquals([late.length, await pidsIn(fs, "supervisor")], [1, asText(parent, ...late)]);
});

Deno.test("prepareParent() does not mind a process that has ended before it was moved", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const [gone, stays] = [fs.spawn(""), fs.spawn("")];
  fs.faults.after({ operation: "mkdir", path: "supervisor" }, () => {
    fs.faults.after({ operation: "read", path: "cgroup.procs" }, () => gone.end(), 1);
  });
  await prepareParent(fs);
  assertEquals(writes(fs, LEAF).toSorted(), asText(gone, stays), "it was tried");
  assertEquals(await pidsIn(fs, "supervisor"), asText(stays));
});

Deno.test("prepareParent() does not wait for a zombie, whose pid is taken and which stays", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const [zombie, stays] = [fs.spawn(""), fs.spawn("")];
  fs.faults.after({ operation: "mkdir", path: "supervisor" }, () => {
    fs.faults.after({ operation: "read", path: "cgroup.procs" }, () => zombie.end({ isReaped: false }), 1);
  });
  await prepareParent(fs);
  assertEquals([writes(fs, LEAF).length, await pidsIn(fs, "supervisor")], [2, asText(stays)]);
  zombie.end();
});

Deno.test("prepareParent() gives up on a process that can't be moved, as kernel threads can't", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const { pid } = fs.spawn("", { isKernelThread: true });
  await refusal(fs, "host.limits", `process ${pid} can't be moved into /fake/cgroup/supervisor: EINVAL`);
  assertEquals(await fs.read("cgroup.subtree_control"), "");
});

Deno.test("prepareParent() says that a process of another PID namespace, which reads as 0, is in the way", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  fs.spawn("");
  fs.setContent("cgroup.procs", "0\n17");
  await refusal(fs, "cgroup.busy", "another PID namespace");
  // Written there, 0 would be berth itself.
  assertEquals(writes(fs, LEAF), []);
});

Deno.test("prepareParent() gives up on a group that gets processes faster than they can be moved", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  fs.spawn("");
  fs.faults.after({ operation: "write", path: LEAF }, () => void fs.spawn(""));
  await refusal(fs, "cgroup.busy", "faster than they can be moved");
});

Deno.test("prepareParent() tries again what is EBUSY right after a move", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  fs.spawn("");
  fs.faults.refuse("EBUSY", { operation: "write", path: "cgroup.subtree_control", data: "+memory" }, 3);
  assertEquals(await prepareParent(fs), [...ALL]);
  assertEquals(writes(fs, "cgroup.subtree_control").filter((data) => data === "+memory").length, 4);
});

for (const name of ["memory", "pids"] as const) {
  Deno.test(`prepareParent() refuses a group without ${name}, and touches nothing`, async () => {
    const fs = new FakeCgroupFs({ top: "group", controllers: ALL.filter((one) => one !== name) });
    fs.spawn("");
    await refusal(fs, "cgroup.controller", `/fake/cgroup has no ${name} controller`);
    assertEquals(fs.calls.filter(({ operation }) => operation !== "read"), []);
  });
}

Deno.test("prepareParent() names both when both are missing", async () => {
  const fs = new FakeCgroupFs({ top: "group", controllers: ["cpu"] });
  await refusal(fs, "cgroup.controller", "/fake/cgroup has no memory and no pids controller");
});

for (const name of ["cpu", "io", "cpuset"] as const) {
  Deno.test(`prepareParent() does without ${name} where it is not there, or can't be enabled`, async () => {
    const without = ALL.filter((one) => one !== name);
    assertEquals(await prepareParent(new FakeCgroupFs({ top: "group", controllers: without })), without);
    const fs = new FakeCgroupFs({ top: "group" });
    // As cpu where realtime processes are.
    fs.faults.refuse("EINVAL", { operation: "write", data: `+${name}` });
    assertEquals([await prepareParent(fs), await fs.read("cgroup.subtree_control")], [without, without.join(" ")]);
  });
}

Deno.test("prepareParent() believes what it reads back, and not that a write was taken", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  // As systemd does where it has not delegated.
  const undo = (name: string) => () => fs.write("cgroup.subtree_control", `-${name}`);
  fs.faults.after({ operation: "write", data: "+cpuset" }, undo("pids"), 1);
  await refusal(fs, "cgroup.controller", "/fake/cgroup does not hand on pids");
  const other = new FakeCgroupFs({ top: "group" });
  other.faults.after({ operation: "write", data: "+cpuset" }, () => other.write("cgroup.subtree_control", "-io"), 1);
  assertEquals(await prepareParent(other), ["cpuset", "cpu", "memory", "pids"]);
});

const CODES: [Errno, ErrorCode][] = [["EROFS", "cgroup.read-only"], ["EACCES", "cgroup.denied"], [
  "EPERM",
  "cgroup.denied",
]];
const STEPS: [what: string, pattern: { operation: "mkdir" | "write"; path: string; data?: string }, words: string][] = [
  ["the leaf", { operation: "mkdir", path: "supervisor" }, "the group /fake/cgroup/supervisor can't be made"],
  ["a move", { operation: "write", path: LEAF }, "can't be moved into /fake/cgroup/supervisor"],
  ["memory", { operation: "write", path: "cgroup.subtree_control", data: "+memory" }, "does not take +memory"],
  ["pids", { operation: "write", path: "cgroup.subtree_control", data: "+pids" }, "does not take +pids"],
  ["the leaf's protection", { operation: "write", path: "supervisor/memory.min" }, "memory.min can't be set"],
];
for (const [errno, code] of CODES) {
  for (const [what, pattern, words] of STEPS) {
    Deno.test(`prepareParent() says ${code} when ${what} is refused with ${errno}`, async () => {
      const fs = new FakeCgroupFs({ top: "group" });
      fs.spawn("");
      fs.faults.refuse(errno, pattern);
      await refusal(fs, code, words);
    });
  }
}

Deno.test("prepareParent() says so when it can't even look", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  fs.faults.refuse("EACCES", { operation: "read", path: "cgroup.controllers" });
  await refusal(fs, "cgroup.denied", "/fake/cgroup/cgroup.controllers can't be read");
});

Deno.test("prepareParent() passes on what it has no words for", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  fs.faults.refuse("EIO", { operation: "write", data: "+memory" });
  assertEquals((await assertRejects(() => prepareParent(fs), CgroupFsError)).errno, "EIO");
});

Deno.test("prepareParent() refuses when the leaf has not got the protection that it was given", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  fs.spawn("");
  const file = "supervisor/memory.min";
  fs.faults.after({ operation: "write", path: file }, () => fs.setContent(file, "4096"), 1);
  await refusal(fs, "host.limits", `should be ${SUPERVISOR_MEMORY_MIN_BYTES}, and is 4096`);
});

Deno.test("prepareParent() twice at once prepares the group once", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const processes = Array.from({ length: 5 }, () => fs.spawn(""));
  assertEquals(await Promise.all([prepareParent(fs), prepareParent(fs)]), [[...ALL], [...ALL]]);
  assertEquals([await pidsIn(fs, ""), await pidsIn(fs, "supervisor")], [[], asText(...processes)]);
});

for (
  const [memoryMinBytes, content] of [[undefined, String(SUPERVISOR_MEMORY_MIN_BYTES)], [0, "0"], [
    4096,
    "4096",
  ]] as const
) {
  Deno.test(`prepareParent() has the leaf keep ${memoryMinBytes ?? "the default"}, and says whom it moved, once`, async () => {
    const fs = new FakeCgroupFs({ top: "group" });
    fs.spawn("");
    fs.spawn("");
    const lines: string[] = [];
    const options = { memoryMinBytes, onMoved: (line: string) => void lines.push(line) };
    await prepareParent(fs, "", "/ci", options);
    await prepareParent(fs, "", "/ci", options);
    assertEquals(await fs.read("supervisor/memory.min"), content);
    assertEquals(lines, ["moved 2 processes of /ci into its leaf supervisor: VMs' groups can't be made beside them"]);
  });
}
