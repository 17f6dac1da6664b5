// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { errnoInWords } from "../../../lib/cgroup/join.ts";
import { planBubble } from "../../../lib/process/jail.ts";
import { planLaunch, refusedJoin } from "../../../lib/process/launch.ts";
import { type Command, LEAD, planTie, planTied, planTiedGroup } from "../../../lib/process/tie_to_parent.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const JOIN = `trap 'echo "berth-launch: no way into the group" >&2; exit 125' EXIT && ` +
  'echo 0 >"$1/cgroup.procs" && (:) && trap - EXIT && shift && read -r adjust </proc/self/oom_score_adj && ' +
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

Deno.test("planLaunch() opens the jail's filter where bubblewrap looks for it, and bounds the length of files", () => {
  const jail = { readOnly: [], writable: [], cwd: "/", filter: "/f" };
  const { args } = planLaunch({ jail, fileBytes: 1025, argv: ["qemu"] }, 4711);
  const bound =
    '{ most=$(ulimit -Hf) && [ "$most" != unlimited ] && [ "$most" -le "$1" ] || ulimit -f "$1"; } && shift';
  const script = `${CHECK} && ${bound} && exec 9<"$1" && shift && ${LEAD}`;
  assertEquals(args, [...tied("TERM"), script, "berth-launch", "4711", "3", "/f", ...planBubble(jail), "qemu"]);
});

Deno.test("planLaunch() ends a program with its parent where no jail does", () => {
  assertEquals(planLaunch({ argv: ["qemu", "a b"] }, 4711), {
    command: "setsid",
    args: [...tied("KILL"), `${CHECK} && exec "$@"`, "berth-launch", "4711", "qemu", "a b"],
  });
});

Deno.test("planLaunch() sets limits of last resort in the units of ulimit, behind the join where there is one", () => {
  const rlimits = { addressSpaceBytes: 7 * 1024 ** 3 + 1023, cpuSeconds: 3600 };
  const limit = 'ulimit -v "$1" && ulimit -t "$2" && shift 2';
  const processes = "for kind in u p; do most=$(ulimit -H$kind 2>/dev/null) && break; done && " +
    '{ [ "$most" != unlimited ] && [ "$most" -le "$1" ] || ulimit -$kind "$1"; } && shift';
  const argv = ["qemu", ""];
  const launched = (steps: string, ...args: string[]) => [
    ...[...tied("KILL"), `${CHECK} && ${steps} && exec "$@"`, "berth-launch", "4711", ...args, ...argv],
  ];
  assertEquals(planLaunch({ rlimits, argv }, 4711).args, launched(limit, "7340032", "3600"));
  const withProcesses = planLaunch({ rlimits: { ...rlimits, pidsMax: 99 }, argv }, 4711).args;
  assertEquals(withProcesses, launched(`${limit} && ${processes}`, "7340032", "3600", "99"));
  const inGroup = planLaunch({ cgroup: "/cg", rlimits, argv }, 4711).args;
  assertEquals(inGroup, launched(`${JOIN} && ${limit}`, "/cg", "7340032", "3600"));
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

for (
  const [what, make, errno] of [
    ["has gone", 'rm -r "$1"', "ENOENT"],
    // The kernel lets nobody write there.
    ["is not to be written", 'ln -sf /proc/sys/kernel/random/uuid "$1/cgroup.procs"', "EACCES"],
  ] as const
) {
  testNeeding(
    await programsMissing("setsid", "setpriv", "busybox"),
    `a program whose group ${what} is not launched, and the words say why`,
    async () => {
      await using group = await fakeGroup();
      await new Deno.Command("sh", { args: ["-c", make, "sh", group.path] }).output();
      const { command, args } = planLaunch({ cgroup: group.path, argv: ["echo", "started"] });
      const { code, stdout, stderr } = await new Deno.Command(command, { args }).output();
      const words = refusedJoin({ code, words: new TextDecoder().decode(stderr) });
      assertEquals([stdout.length, errnoInWords(words ?? "it was launched")], [0, errno]);
    },
  );
}

testNeeding(
  await programsMissing("setsid", "setpriv", "busybox"),
  "a program that is born where there is no process left to give does not begin, and the words say why",
  async () => {
    await using group = await fakeGroup();
    // Root has no such limit; and another user may not be able to walk to where tests write, so it stands there already.
    const limited =
      `cd "$0" && chmod 777 . && chmod 666 cgroup.procs && [ "$(id -u)" != 0 ] || who="setpriv --reuid 65534"
      exec $who busybox sh -c '{ ulimit -u 0 || ulimit -p 0; } 2>/dev/null && exec "$@"' sh "$@"`;
    const { command, args } = planLaunch({ cgroup: ".", argv: ["echo", "started"] });
    const call = new Deno.Command("sh", { args: ["-c", limited, group.path, command, ...args] });
    const { code, stdout, stderr } = await call.output();
    const words = refusedJoin({ code, words: new TextDecoder().decode(stderr) });
    assertEquals([stdout.length, errnoInWords(words ?? `status ${code}`)], [0, "EAGAIN"]);
  },
);

Deno.test("refusedJoin() takes no other end for a refusal", () => {
  const refused = "sh: write error: Device or resource busy\nberth-launch: no way into the group\n";
  assertEquals(refusedJoin({ code: 125, words: refused }), "sh: write error: Device or resource busy");
  assertEquals(refusedJoin({ code: 125, words: "berth-launch: no way into the group" }), "");
  assertEquals(refusedJoin({ code: 1, words: refused }), undefined);
  assertEquals(refusedJoin({ code: 125, words: `${refused}qemu: no such machine` }), undefined);
  assertEquals(refusedJoin({ code: 125, words: "" }), undefined);
});

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

const NO_LAUNCH = await programsMissing("setsid", "setpriv", "busybox");

testNeeding(NO_LAUNCH, "a launch that can't join its group starts nothing", async () => {
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
  NO_LAUNCH,
  "a program that is born in a group is not protected from the out-of-memory killer",
  async () => {
    await using group = await fakeGroup();
    const scores = `${group.path}/oom_score_adj`;
    const { command, args } = planLaunch({ cgroup: group.path, argv: ["cat", scores] });
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

testNeeding(NO_LAUNCH, "a program that is born in a group keeps what makes it an early victim", async () => {
  await using group = await fakeGroup();
  const { command, args } = planLaunch({ cgroup: group.path, argv: ["cat", "/proc/self/oom_score_adj"] });
  const victim = ["-c", 'echo 777 >/proc/self/oom_score_adj && exec "$@"', "sh", command, ...args];
  assertEquals(await sayOf({ command: "sh", args: victim }), { success: true, said: "777\n" });
});

testNeeding(NO_LAUNCH, "a program that is born with limits of last resort can't raise them again", async () => {
  const rlimits = { addressSpaceBytes: 3_000_000 * 1024, cpuSeconds: 1234 };
  const raise = "ulimit -v; ulimit -t; ulimit -H -v; ulimit -H -t";
  const { said } = await sayOf(planLaunch({ rlimits, argv: ["sh", "-c", raise] }));
  assertEquals(said, "3000000\n1234\n3000000\n1234\n");
});

testNeeding(NO_LAUNCH, "a limit of last resort that can't be set starts nothing", async () => {
  const above = { addressSpaceBytes: 2 ** 40, cpuSeconds: 2000 };
  const { command, args } = planLaunch({ rlimits: above, argv: ["sh", "-c", "echo started"] });
  // Not even root raises what is no number.
  const broken = args.map((arg) => arg === "2000" ? "many" : arg);
  assertEquals(await sayOf({ command, args: broken }), { success: false, said: "" });
});

testNeeding(
  NO_LAUNCH,
  "a bound on the length of files is lowered, and never raised",
  async () => {
    const blocksOf = async (outer: string, fileBytes: number) => {
      const { command, args } = planLaunch({ fileBytes, argv: ["busybox", "sh", "-c", "ulimit -Hf; ulimit -Sf"] });
      const shell = { command: "sh", args: ["-c", `ulimit -f ${outer}; exec "$@"`, "sh", command, ...args] } as const;
      return (await sayOf({ ...shell, args: [...shell.args] })).said;
    };
    assertEquals(await blocksOf("unlimited", 512_000), "1000\n1000\n");
    assertEquals(await blocksOf("2000", 512_000), "1000\n1000\n");
    assertEquals(await blocksOf("500", 512_000), "500\n500\n");
  },
);
