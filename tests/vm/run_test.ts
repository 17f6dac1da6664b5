import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

Deno.test("berth run prints the guest's words on stdout, and nothing else there", async () => {
  const { code, stdout, stderr } = await berth(["run", "--", "uname", "-sr"]);
  assertEquals(code, 0, stderr);
  const host = new TextDecoder().decode((await new Deno.Command("uname", { args: ["-r"] }).output()).stdout).trim();
  assertEquals(/^Linux \d\S+\n$/.test(stdout), true, stdout);
  assertEquals(stdout.includes(host), false, "the guest has a kernel of its own");
  for (const line of stderr.trimEnd().split("\n")) assertStringIncludes(line, "berth: ");
  assertEquals(await leftovers(), []);
});

Deno.test("berth run says on stderr that limits are not enforced where there is no cgroup, and --quiet does not", async () => {
  const [loud, quiet] = [await berth(["run", "--", "true"]), await berth(["run", "--quiet", "--", "true"])];
  assertStringIncludes(loud.stderr, "berth: not enforced by a cgroup: memory.max, pids.max, cpu.max: ");
  assertEquals([quiet.code, quiet.stderr], [0, ""]);
});

/** The others are asked of the agent's own words: see tests/unit/guest/exit_status_test.ts. */
const STATUSES: [script: string[], status: number][] = [
  [["sh", "-c", "exit 3"], 3],
  [["sh", "-c", "kill -KILL $$"], 137],
  [["sh", "-c", "exit 143"], 143],
  [["no-such-command"], 127],
  [["/no/such/command"], 127],
  [["/etc/passwd"], 126],
  [["/etc"], 126],
];

for (const [argv, status] of STATUSES) {
  Deno.test(`berth run ends with ${status} for ${argv.join(" ")}`, async () => {
    const report = `${SCRATCH}/report.json`;
    const { code, stderr } = await berth(["run", "--quiet", "--report", report, "--", ...argv]);
    assertEquals(code, status, stderr);
    const { verdict, signal, exitCode } = JSON.parse(await Deno.readTextFile(report));
    // An exit status of 143 is not a death by SIGTERM, and the report knows.
    const died = argv.join(" ").includes("kill");
    assertEquals({ verdict, signal, exitCode }, {
      verdict: "failed",
      signal: died ? status - 128 : null,
      exitCode: died ? null : status,
    });
  });
}

Deno.test("berth run passes argv exactly", async () => {
  const argv = ["a b", "it's", '"', "", "-n", "--", "new\nline", "trailing\n", "\n", "$HOME `x` \\ !", "ÁÀÿ€🎉", "\t"];
  const { stdout, stderr } = await berth(["run", "--quiet", "--", "printf", "<%s>", ...argv]);
  assertEquals(stdout, argv.map((word) => `<${word}>`).join(""), stderr);
});

Deno.test("berth run gives a job its environment, and nothing else", async () => {
  const args = ["run", "--quiet", "--env", "A=x y", "--env", "B=it's\n", "--env", "C-D=1", "--env", "EMPTY="];
  args.push("--env", "HOSTNAME=mine");
  const { stdout } = await berth([...args, "--", "env"]);
  assertEquals(
    stdout.split("\n").filter((line) => line).sort(),
    [
      "A=x y",
      "B=it's",
      "C-D=1",
      "EMPTY=",
      "HOME=/root",
      "HOSTNAME=mine",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ],
  );
});

Deno.test("berth run takes large environments and many arguments", async () => {
  const large = "x".repeat(100_000);
  const many = Array.from({ length: 500 }, (_, index) => `argument ${index}`);
  const args = ["run", "--quiet", "--timeout", "30s", "--env", `A=${large}`, "--env", `B=${large}`];
  const { stdout, stderr } = await berth([...args, "--", "sh", "-c", 'echo ${#A} ${#B} $# "${500}"', "sh", ...many]);
  assertEquals(stdout, "100000 100000 500 argument 499\n".replace("${500}", ""), stderr);
});

Deno.test("a job that fills its disk ends as itself", async () => {
  const script = "dd if=/dev/zero of=/large bs=1M 2>/dev/null; echo $?; exit 3";
  const { code, stdout, stderr } = await berth(["run", "--quiet", "--", "sh", "-c", script]);
  assertEquals([code, stdout], [3, "1\n"], stderr);
});

Deno.test("berth run takes --cpus, --memory, --accel tcg, --limits off and --jail off", async () => {
  const report = `${SCRATCH}/report.json`;
  const flags = [
    "--cpus",
    "2",
    "--memory",
    "1G",
    "--accel",
    "tcg",
    "--limits",
    "off",
    "--jail",
    "off",
    "--name",
    "a.b",
  ];
  const script = "nproc; awk '/MemTotal/{print ($2 > 900000)}' /proc/meminfo";
  const { code, stdout, stderr } = await berth(["run", ...flags, "--report", report, "--", "sh", "-c", script]);
  // Nothing was left to chance, so there is nothing to say.
  assertEquals([code, stdout, stderr], [0, "2\n1\n", ""]);
  const { accel, name, limits } = JSON.parse(await Deno.readTextFile(report));
  assertEquals([accel, name, limits.pidsMax.enforcedBy], ["tcg", "a.b", "none"]);
  assertEquals(await leftovers(), []);
});

Deno.test("berth run takes --user and --workdir", async () => {
  const script = "id -u; id -g; pwd; echo $HOME; echo x >/proc/1/oom_score_adj || echo denied";
  const { stdout } = await berth(["run", "--quiet", "--user", "nobody", "--workdir", "/tmp", "--", "sh", "-c", script]);
  assertEquals(stdout, "65534\n65534\n/tmp\n/nonexistent\ndenied\n");
  const numbers = await berth(["run", "--quiet", "--user", "12:34", "--", "sh", "-c", "id -u; id -g"]);
  assertEquals(numbers.stdout, "12\n34\n");
});

Deno.test("no working directory leads a job out of its root, and no command is run that the user may not", async () => {
  const folder = await emptyFolder("outside");
  await shell(
    `cd "$1"; for number in 3 4 5 6 8; do ln -s /proc/self/fd/$number fd$number; done; ln -s /proc/1/root root
    echo 'echo "$0" "$@"' >plain; cp plain mine; chmod 755 plain; chmod 700 mine; printf '#!/none\\n' >lacks; chmod 755 lacks
    mkdir hidden; printf '#!/bin/sh\\n' >hidden/tool; chmod 755 hidden/tool; chmod 700 hidden`,
    folder,
  );
  const run = (...args: string[]) => berth(["run", "--quiet", "--workspace", folder, ...args]);
  const links = [3, 4, 5, 6, 8].map((number) => `/workspace/fd${number}`);
  for (const place of ["/proc/1/root", "/proc/1/cwd", "/proc/self/fd/5", "/dev/fd/5", "/workspace/root", ...links]) {
    const { code, stdout, stderr } = await run("--workdir", place, "--", "sh", "-c", "ls -a");
    assertEquals([code, stdout], [125, ""], place);
    assertStringIncludes(stderr, `the working directory ${place} in the guest: it can't be entered`);
  }
  const inside = await run("--workdir", "/proc/self/cwd", "--", "pwd");
  assertEquals([inside.code, inside.stdout], [0, "/\n"], inside.stderr);
  assertEquals((await run("--", "./plain", "a b")).stdout, "./plain a b\n");
  const refused = [
    [["--user", "1000", "--", "./mine"], "user 1000 may not execute ./mine"],
    [["--user", "1000", "--", "hidden/tool"], "user 1000 may not execute hidden/tool"],
    [["--", "./lacks"], "./lacks needs /none, which is not there"],
  ] as const;
  for (const [args, why] of refused) {
    const { code, stderr } = await run(...args);
    assertEquals([code, stderr.includes(why)], [126, true], stderr);
  }
});

Deno.test("berth run gives a job its standard input with --stdin, and an empty one without", async () => {
  const stdin = crypto.getRandomValues(new Uint8Array(60_000));
  const fed = await berth(["run", "--quiet", "--stdin", "--", "cat"], { stdin });
  assertEquals(fed.out, stdin, fed.stderr);
  // The job begins to read after everything has been sent, and a pipe holds 64 KiB.
  const large = new Uint8Array(3_000_000).fill(7);
  const late = await berth(["run", "--quiet", "--stdin", "--", "sh", "-c", "sleep 1; wc -c"], { stdin: large });
  assertEquals(late.stdout.trim(), "3000000", late.stderr);
  const unread = await berth(["run", "--quiet", "--stdin", "--", "echo", "done"], { stdin });
  assertEquals([unread.code, unread.stdout], [0, "done\n"], unread.stderr);
  const unfed = await berth(["run", "--quiet", "--", "wc", "-c"], { stdin });
  assertEquals(unfed.stdout.trim(), "0");
});

Deno.test("berth run keeps stdout and stderr apart, and each byte exact", async () => {
  // All byte values, many times, in an order that shows a lost or doubled block.
  const script = `i=0; while [ $i -lt 40 ]; do
      dd if=/dev/urandom bs=100003 count=1 2>/dev/null | tee -a /tmp/out; echo line $i >&2; i=$((i + 1))
    done; sha256sum /tmp/out >&2; echo again >/dev/stderr`;
  const { out, stderr } = await berth(["run", "--quiet", "--", "sh", "-c", script]);
  const lines = stderr.trimEnd().split("\n");
  assertEquals(lines.slice(0, 40), Array.from({ length: 40 }, (_, i) => `line ${i}`));
  assertEquals(lines.at(-1), "again");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", out));
  assertEquals([out.length, lines[40].split(" ")[0]], [4_000_120, digest.toHex()]);
});

Deno.test("berth run ends a job's background processes with it", async () => {
  const script = "(while :; do echo still here; sleep 1; done) & setsid sleep 1000 & echo started; exit 5";
  const { code, stdout } = await berth(["run", "--quiet", "--", "sh", "-c", script]);
  assertEquals([code, stdout.includes("started")], [5, true]);
});

Deno.test("berth run reports an out-of-memory death in the guest", async () => {
  const report = `${SCRATCH}/report.json`;
  const script = "tail /dev/zero";
  const { code } = await berth([
    "run",
    "--quiet",
    "--memory",
    "128M",
    "--report",
    report,
    "--",
    "sh",
    "-c",
    `exec ${script}`,
  ]);
  const { verdict, signal } = JSON.parse(await Deno.readTextFile(report));
  assertEquals([code, verdict, signal], [137, "oom-guest", 9]);
});

Deno.test("a job can't take the agent's port, load a module or see the agent's processes", async () => {
  const script = `ls /sys/class/virtio-ports | while read p; do
      mknod /tmp/$p c $(sed 's/:/ /' /sys/class/virtio-ports/$p/dev); done
    echo 'exited code 0 0' >/tmp/vport0p1
    cat /proc/sys/kernel/modules_disabled; ls /berth /modules; ps | grep -c '[{]init}'; exit 9`;
  const { code, stdout, stderr } = await berth(["run", "--quiet", "--", "sh", "-c", script]);
  assertEquals([code, stdout], [9, "1\n0\n"], stderr);
  assertStringIncludes(stderr, "Device or resource busy");
});
