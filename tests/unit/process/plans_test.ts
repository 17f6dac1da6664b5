// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { planBubble, planJail } from "../../../lib/process/jail.ts";
import { planBirth, planLaunch } from "../../../lib/process/launch.ts";
import { type Command, LEAD, planTie, planTied, planTiedGroup } from "../../../lib/process/tied.ts";
import { tryTool } from "../../../lib/process/tool.ts";
import { jailMissing, programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { listTree } from "../../support/tree.ts";

const BEFORE_MOUNTS = [
  ...["--ro-bind", "/usr", "/usr"],
  ...["/lib", "/lib64", "/lib32", "/bin", "/sbin"].flatMap((path) => ["--ro-bind-try", path, path]),
  ...["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
  ...["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
  ...["--dev", "/dev", "--tmpfs", "/tmp"],
];

Deno.test("planJail() ties the jail to its parent, in a session of its own", () => {
  const plan = { readOnly: [], writable: [], cwd: "/" };
  assertEquals(planJail(plan, 4711), [
    "setsid",
    ...["/usr/bin/setpriv", "--pdeathsig", "TERM", "--"],
    ...["sh", "-c", `[ "$PPID" = "$1" ] && shift && ${LEAD}`, "berth-tied", "4711"],
    ...planBubble(plan),
  ]);
});

Deno.test("planBubble() is this command line for a program that keeps no capability", () => {
  assertEquals(planBubble({ readOnly: ["/img"], writable: ["/job", "/q.sock"], devices: ["/dev/kvm"], cwd: "/job" }), [
    ...["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"],
    ...BEFORE_MOUNTS,
    ...["--dev-bind", "/dev/kvm", "/dev/kvm"],
    ...["--ro-bind", "/img", "/img"],
    ...["--bind", "/job", "/job", "--bind", "/q.sock", "/q.sock"],
    ...["--chdir", "/job", "--"],
  ]);
});

Deno.test("planBubble() is this command line for a program that keeps some", () => {
  const plan = { readOnly: [], writable: [], writableAt: [["/host", "/in"]], cwd: "/in", capabilities: ["CAP_FOWNER"] };
  assertEquals(planBubble({ ...plan, writableAt: [["/host", "/in"]] }), [
    ...["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    ...["--die-with-parent", "--cap-drop", "ALL", "--cap-add", "CAP_FOWNER"],
    ...BEFORE_MOUNTS,
    ...["--bind", "/host", "/in", "--chdir", "/in", "--"],
  ]);
});

Deno.test("planBubble() lends the network and its files only to who asks, and no place where private keys are", () => {
  const jail = planBubble({ readOnly: [], writable: [], cwd: "/", network: true });
  assertEquals(jail.slice(0, 3), ["bwrap", "--unshare-all", "--share-net"]);
  const shown = jail.filter((word, index) => jail[index - 1] === "--ro-bind-try" && /^\/(etc|run)\//.test(word));
  assertEquals(shown.map((path) => path.replace("/etc/", "")), [
    ...["ld.so.cache", "alternatives", "resolv.conf", "hosts", "nsswitch.conf", "ca-certificates", "containers"],
    ...["ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust", "/run/systemd/resolve"],
  ]);
  const capable = planBubble({ readOnly: [], writable: [], cwd: "/", network: true, capabilities: ["CAP_CHOWN"] });
  assertEquals(capable.filter((word) => word.endsWith("-net")), []);
  const lonely = planBubble({ readOnly: [], writable: [], cwd: "/", capabilities: ["CAP_CHOWN"] });
  assertEquals([lonely.includes("--unshare-net"), lonely.includes("/etc/resolv.conf")], [true, false]);
});

testNeeding(await jailMissing(), "planJail() makes a jail that shows what it should, and nothing else", async () => {
  await using folder = await temporaryFolder();
  for (const name of ["ro", "rw", "hidden"]) {
    await Deno.mkdir(`${folder.path}/${name}`);
    await Deno.writeTextFile(`${folder.path}/${name}/file`, name);
  }
  const plan = { readOnly: [`${folder.path}/ro`], writable: [`${folder.path}/rw`], cwd: `${folder.path}/rw` };
  const script =
    "cat ../ro/file; echo x >../ro/new; echo y >new; ls ../hidden /root /etc/passwd /sys; ls -A ..; env; pwd";
  const [command, ...jail] = planJail(plan);
  const args = [...jail, "sh", "-c", script];
  const { stdout } = await tryTool({ command, args, env: { MINE: "1" }, leadsGroup: true });
  const words = stdout.split("\n");
  assertEquals(words.slice(0, 2), ["roro", "rw"]);
  // Nothing of this process's environment, and PWD from the jail and the shell.
  const names = words.flatMap((word) => /^(\w+)=/.exec(word)?.[1] ?? []).sort();
  assertEquals(names, ["LC_ALL", "MINE", "PATH", "PWD"]);
  assert(words.includes(`PWD=${folder.path}/rw`));
  const { "ro/new": refused, "rw/new": written } = await listTree(folder.path);
  assertEquals<unknown>([refused, written?.endsWith(": y\n")], [undefined, true]);
});

const JOIN = 'echo 0 >"$1/cgroup.procs" && shift && read -r adjust </proc/self/oom_score_adj && ' +
  '{ [ "$adjust" -ge 0 ] || echo 0 >/proc/self/oom_score_adj; }';

const tied = (signal: string) => ["/usr/bin/setpriv", "--pdeathsig", signal, "--", "busybox", "sh", "-c"];
const CHECK = '[ "$PPID" = "$1" ] && shift';

Deno.test("planLaunch() looks for its parent when it is tied to it, joins the group, and leads the jail and the program", () => {
  const jail = { readOnly: [], writable: [], cwd: "/" };
  const args = [
    `${CHECK} && ${JOIN} && ${LEAD}`,
    "berth-launch",
    "4711",
    "/cg/vm",
    ...planBubble(jail),
    "qemu",
    "-x",
  ];
  assertEquals(planLaunch({ cgroup: "/cg/vm", jail, argv: ["qemu", "-x"] }, 4711), {
    command: "setsid",
    args: [...tied("TERM"), ...args],
  });
});

Deno.test("planLaunch() ends a program with its parent where no jail does", () => {
  assertEquals(planLaunch({ argv: ["qemu", "a b"] }, 4711), {
    command: "setsid",
    args: [...tied("KILL"), `${CHECK} && exec "$@"`, "berth-launch", "4711", "qemu", "a b"],
  });
});

Deno.test("planBirth() sets limits of last resort in the units of ulimit, behind the join where there is one", () => {
  const rlimits = { addressSpaceBytes: 7 * 1024 ** 3 + 1023, cpuSeconds: 3600 };
  const limit = 'ulimit -v "$1" && ulimit -t "$2" && shift 2 && exec "$@"';
  assertEquals(planBirth({ rlimits }, ["qemu", ""]).args, [
    ...["sh", "-c", limit, "berth-launch", "7340032", "3600", "qemu", ""],
  ]);
  assertEquals(planBirth({ cgroup: "/cg", rlimits }, ["qemu"]).args, [
    ...["sh", "-c", `${JOIN} && ${limit}`, "berth-launch", "/cg", "7340032", "3600", "qemu"],
  ]);
});

/** A folder that stands for a group: whoever writes to its `cgroup.procs` joins nothing. */
async function fakeGroup(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  await Deno.mkdir(`${folder.path}/a group`);
  await Deno.writeTextFile(`${folder.path}/a group/cgroup.procs`, "");
  return { path: `${folder.path}/a group`, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function sayOf({ command, args }: Command): Promise<{ success: boolean; said: string }> {
  const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  return { success, said: new TextDecoder().decode(stdout) };
}

testNeeding(
  await programsMissing("setsid", "setpriv", "busybox"),
  "a launched program is in its group before it is itself",
  async () => {
    await using group = await fakeGroup();
    const seen = ["sh", "-c", 'cat "$1/cgroup.procs"; printf "%s|" "$@"', "sh", group.path, "a b", ""];
    assertEquals((await sayOf(planLaunch({ cgroup: group.path, argv: seen }))).said, `0\n${group.path}|a b||`);
  },
);

testNeeding(
  await programsMissing("setsid", "setpriv", "busybox"),
  "what is planned to end with its parent does not begin when its parent has ended before",
  async () => {
    const argv = ["sh", "-c", "echo started"];
    const lines = [planTie(), planTiedGroup().slice(1)];
    const plans = lines.map((line) => ({ command: "setsid" as const, args: [...line, ...argv] }));
    for (const plan of [planLaunch({ argv }), planTied("sh", argv.slice(1)), ...plans]) {
      assertEquals(await sayOf(plan), { success: true, said: "started\n" });
      // The parent is another one than the process that has planned it.
      const orphaned = { command: "sh" as const, args: ["-c", '"$@"; exit 0', "sh", plan.command, ...plan.args] };
      assertEquals(await sayOf(orphaned), { success: true, said: "" });
    }
  },
);

testNeeding(
  await programsMissing("setsid", "setpriv"),
  "a tied group ends with its parent, also those of it that are not tied",
  async () => {
    const tied = planTiedGroup().slice(0, -1);
    const parent = '"$@" "$$" sh -c "sleep 1000 & echo up; sleep 1000" & wait';
    const child = new Deno.Command("sh", { args: ["-c", parent, "sh", ...tied], stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "up\n");
    child.kill("SIGKILL");
    // All of them have it open.
    assertEquals((await within(reader.read(), 5000, "the end of the group")).done, true);
    await child.status;
  },
);

testNeeding(
  await programsMissing("setsid", "setpriv"),
  "a tied group's program has the stdin that was meant for it, and its status is the group's",
  async () => {
    const [command, ...args] = [...planTiedGroup(), "sh", "-c", "read line; echo $line; exit $line"];
    const child = new Deno.Command(command, { args, stdin: "piped", stdout: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("77\n"));
    await writer.close();
    const { code, stdout } = await child.output();
    assertEquals([code, new TextDecoder().decode(stdout)], [77, "77\n"]);
  },
);

const NO_BUSYBOX = await programsMissing("setsid", "busybox");

testNeeding(NO_BUSYBOX, "a launch that can't join its group starts nothing", async () => {
  await using folder = await temporaryFolder();
  // The kernel refuses the write, or there is no such group.
  const full = 'mkdir "$1/full" && ln -s /dev/full "$1/full/cgroup.procs"';
  assertEquals((await sayOf({ command: "sh", args: ["-c", full, "sh", folder.path] })).success, true);
  for (const cgroup of [`${folder.path}/full`, `${folder.path}/none`]) {
    const launch = planLaunch({ cgroup, argv: ["sh", "-c", "echo started"] });
    assertEquals(await sayOf(launch), { success: false, said: "" }, cgroup);
  }
});

testNeeding(
  NO_BUSYBOX,
  "a program that is born in a group is not protected from the out-of-memory killer",
  async () => {
    await using group = await fakeGroup();
    const scores = `${group.path}/oom_score_adj`;
    const { command, args } = planBirth({ cgroup: group.path }, ["cat", scores]);
    // It takes a right to be protected that nobody may have here, so the file is another one.
    const elsewhere = args.map((arg) => arg.replaceAll("/proc/self/oom_score_adj", '"$OOM_SCORES"'));
    for (const [inherited, then] of [["-1000", "0"], ["-1", "0"], ["0", "0"], ["500", "500"]]) {
      await Deno.writeTextFile(scores, `${inherited}\n`);
      const env = ["-c", 'OOM_SCORES=$1; export OOM_SCORES; shift; exec "$@"', "sh", scores];
      assertEquals(await sayOf({ command: "sh", args: [...env, command, ...elsewhere] }), {
        success: true,
        said: `${then}\n`,
      });
    }
  },
);

testNeeding(NO_BUSYBOX, "a program that is born in a group keeps what makes it an early victim", async () => {
  await using group = await fakeGroup();
  const { command, args } = planBirth({ cgroup: group.path }, ["cat", "/proc/self/oom_score_adj"]);
  const victim = ["-c", 'echo 777 >/proc/self/oom_score_adj && exec "$@"', "sh", command, ...args];
  assertEquals(await sayOf({ command: "sh", args: victim }), { success: true, said: "777\n" });
});

testNeeding(NO_BUSYBOX, "a program that is born with limits of last resort can't raise them again", async () => {
  const rlimits = { addressSpaceBytes: 3_000_000 * 1024, cpuSeconds: 1234 };
  const raise = "ulimit -v; ulimit -t; ulimit -H -v; ulimit -H -t";
  const { said } = await sayOf(planBirth({ rlimits }, ["sh", "-c", raise]));
  assertEquals(said, "3000000\n1234\n3000000\n1234\n");
});

testNeeding(NO_BUSYBOX, "a limit of last resort that can't be set starts nothing", async () => {
  const above = { addressSpaceBytes: 2 ** 40, cpuSeconds: 2000 };
  const { command, args } = planBirth({ rlimits: above }, ["sh", "-c", "echo started"]);
  // Not even root raises what is no number.
  const broken = args.map((arg) => arg === "2000" ? "many" : arg);
  assertEquals(await sayOf({ command, args: broken }), { success: false, said: "" });
});
