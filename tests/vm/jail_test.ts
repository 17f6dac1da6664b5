/**
 * A VMM that its guest has broken out of: a program in QEMU's place tries all that it should not be able to do, in the
 * very jail that QEMU gets.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_UID_RANGE, DEFAULTS } from "../../lib/job/request/request.ts";
import { copyImage } from "../faults/harness.ts";
import { berth, emptyFolder, finish, leftovers, shell, start, STATE } from "../support/berth.ts";

const folder = await emptyFolder("escape");
const state = `${folder}/state`;
assertEquals((await berth(["run", "--quiet", "--", "true"])).code, 0);
// What is beyond the job's bound is within the file system's.
await shell('truncate -s "$2" "$1/long" && rm "$1/long"', folder, `${2 ** 43}`);
await copyImage(STATE, state);

const ESCAPE = new URL("../support/vmm/escape.pl", import.meta.url).pathname;
const GOALS = new URL("../support/vmm/escape_goals.pl", import.meta.url).pathname;

/** What not every host's kernel has, or lets root do; and what a launch without a jail bounds as well. */
const MAY_LACK = [
  ...["call it in another ABI", "load a module", "load another kernel", "open a kernel crypto socket"],
  ...["open KVM", "open the host's memory", "raise a limit", "write without an end"],
  // Calls of newer kernels.
  ...["open a tree the newest way", "look at a mount", "list the mounts", "read its label", "change its label"],
  ...["list the security modules", "see what others have read"],
];

/** Opens a folder, a secret and a socket, under numbers that any shell knows and under others; then becomes the rest. */
const CALLER = `use Fcntl; use POSIX; use Socket; $^F = 1023;
  sysopen my $folder, "/etc", O_RDONLY or die "folder: $!";
  sysopen my $secret, "/etc/shadow", O_RDONLY or die "secret: $!";
  socketpair my $socket, my $other, PF_UNIX, SOCK_STREAM, 0 or die "socket: $!";
  my $number = 20;
  for my $file ($folder, $secret, $socket) { POSIX::dup2(fileno $file, $number++) or die "dup2: $!" }
  exec { $ARGV[0] } @ARGV or die "exec: $!"`;

/** How many things it tries. */
const PROBES = 76;

/** More than a job's files may have, and less than the file system can. */
const BEYOND = 2 ** 43;

/** Starts the program, at that path, and returns what it has said. */
type Start = (program: string) => Promise<string>;

/** As a VMM of berth's: in QEMU's place. */
function asVmm(...flags: string[]): Start {
  return async (program) => {
    const inPlace = 'mount --bind "$0" /usr/bin/qemu-system-x86_64; exec "$@"';
    const caller = ["perl", "-e", CALLER];
    const wrapper = [...caller, "unshare", "--mount", "--uts", "sh", "-ec", inPlace, program];
    const { code, stdout, stderr } = await berth(["run", ...flags, "--accel=tcg", "--", "true"], { state, wrapper });
    assertEquals(code, 125, stderr);
    return stdout;
  };
}

/** As root's, without any berth around it. */
async function alone(program: string): Promise<string> {
  const script = `mkdir "$2"; : >"$2/out"; : >"$2/err"; : >"$2/kernel"
    perl -e "$3" unshare --mount --uts "$1" -kernel "$2/kernel" -chardev "file,append=on,path=$2/out,id=out" || [ $? = 3 ]
    cat "$2/out"; rm -r "$2"`;
  return await shell(script, program, `${state}/jobs/alone`, CALLER);
}

/** Runs the program, and returns what it says that it could, and could not. */
async function tryEscape(start: Start): Promise<{ could: string[]; couldNot: string[] }> {
  const goals = new Deno.Command("sh", {
    args: ["-c", 'exec perl "$@"', "sh", GOALS, folder],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = goals.stdout.getReader();
  try {
    const found = new TextDecoder().decode((await output.read()).value);
    await shell('mkdir -p "$1/jobs/other"; echo secret >"$1/jobs/other/out"', state);
    const [disk] = (await shell("cut -d' ' -f3 /proc/self/mountinfo | grep -v '^0:' || echo 8:0")).split("\n");
    const [major, minor] = disk.split(":").map(Number);
    const own =
      `images => '${state}/images', otherJob => '${state}/jobs/other/out', beyond => ${BEYOND}, processes => ${DEFAULTS.pids}`;
    const program = (await shell('cat "$1"', ESCAPE))
      .replace("our %host;", `our %host = (${own}, disk => ${major << 8 | minor}, ${found});`);
    await Deno.writeTextFile(`${folder}/qemu`, program, { mode: 0o755 });
    const lines = (await start(`${folder}/qemu`)).split("\n").slice(0, -1);
    const of = (beginning: string) =>
      lines.filter((line) => line.startsWith(beginning)).map((line) => line.slice(beginning.length));
    const [couldNot, could] = [of("could not "), of("could ").filter((what) => !what.startsWith("not "))];
    assertEquals(could.length + couldNot.length, lines.length);
    return { could, couldNot };
  } finally {
    await goals.stdin.close();
    await output.cancel();
    await goals.status;
    await shell('rm -rf "$1/jobs/other" "$2/socket"', state, folder);
  }
}

Deno.test("a VMM that is broken out of can do nothing to the host, to other jobs, or to its own files' places", async () => {
  const { could, couldNot } = await tryEscape(asVmm("--jail=require"));
  assertEquals(could, []);
  assertEquals(couldNot.length, PROBES);
  assertEquals(await leftovers(state), []);
});

Deno.test("what it tries, it can do without a jail; or without berth, whose root has nothing of the host", async () => {
  const { could, couldNot } = await tryEscape(asVmm("--jail=off"));
  const unkept = await tryEscape(alone);
  assertEquals(couldNot.filter((what) => !MAY_LACK.includes(what) && !unkept.could.includes(what)), []);
  assertEquals(could.length + couldNot.length, PROBES);
});

/** Of every VMM of the state folder: its users, capabilities and filters, and whose namespaces it is in. */
const STATUS = `for pid in $(pgrep -x qemu-system-x86); do
    grep -qF " $1" /proc/$pid/mountinfo || continue
    sed -n 's/^\\(Uid\\|Gid\\|Groups\\|Cap...\\|NoNewPrivs\\|Seccomp\\):[[:space:]]*/\\1 /p' /proc/$pid/status
    for name in mnt pid net ipc uts; do
      [ "$(readlink /proc/$pid/ns/$name)" = "$(readlink /proc/self/ns/$name)" ] && echo "the host's $name" || echo "its own $name"
    done
  done`;

Deno.test("each QEMU is a user that nobody else is, with no capability, behind filters, in namespaces of its own", async () => {
  const jobs = [1, 2].map(() => start(["run", "--quiet", "--accel=tcg", "--", "sleep", "60"], { state }));
  const ended = jobs.map((job) => finish(job));
  await shell(
    `for i in $(seq 400); do [ "$(ls -d "$1"/jobs/*/ 2>/dev/null | wc -l)" = 2 ] && exit; sleep 0.05; done; exit 1`,
    state,
  );
  let lines: string[] = [];
  for (const deadline = Date.now() + 20_000; lines.filter((line) => line === "Seccomp 2").length < 2;) {
    assert(Date.now() < deadline, lines.join("\n"));
    lines = (await shell(STATUS, state)).split("\n").slice(0, -1);
  }
  for (const job of jobs) job.kill("SIGTERM");
  assertEquals((await Promise.all(ended)).map(({ code }) => code), [143, 143]);
  const users = lines.filter((line) => line.startsWith("Uid")).map((line) => line.split(/\s/).slice(1));
  assertEquals(users.map((ids) => new Set(ids).size), [1, 1]);
  assert(users[0][0] !== users[1][0], users.join("\n"));
  for (const [user] of users) assert(Number(user) >= DEFAULT_UID_RANGE.first && Number(user) <= DEFAULT_UID_RANGE.last);
  const both = (line: string) => [line, line];
  assertEquals(
    lines.filter((line) => !/^[UG]id/.test(line)).toSorted(),
    [
      ...["Inh", "Prm", "Eff", "Bnd", "Amb"].map((set) => `Cap${set} ${"0".repeat(16)}`),
      ...["Groups ", "NoNewPrivs 1", "Seccomp 2"],
      ...["mnt", "pid", "net", "ipc", "uts"].map((name) => `its own ${name}`),
    ].flatMap(both).toSorted(),
  );
  assertEquals(
    await shell(
      'cd /run/berth-users; for user; do [ ! -e "$user" ] || echo "$user"; done',
      ...users.map(([user]) => user),
    ),
    "",
  );
  assertEquals(await leftovers(state), []);
});

/** A device of the host's that berth is not let make a node of, and a program in QEMU's place that tries to open it. */
async function tryDevice(mode: string, ...flags: string[]): Promise<{ code: number; stderr: string }> {
  await Deno.writeTextFile(`${folder}/qemu`, "#!/bin/sh\nid -G >&2\ntrue </dev/shm/node && echo opens >&2\nexit 3\n");
  const inPlace = `mount -t tmpfs none /dev/shm; mknod /dev/shm/node c 1 3; ${mode}; chmod 755 "$0"
    mount --bind "$0" /usr/bin/qemu-system-x86_64; exec setpriv --bounding-set=-mknod -- "$@"`;
  const wrapper = ["unshare", "--mount", "sh", "-ec", inPlace, `${folder}/qemu`];
  return await berth(["run", ...flags, "--accel=tcg", "--device=/dev/shm/node", "--", "true"], { state, wrapper });
}

Deno.test("where no node can be made, a VMM is in the group that may open the host's, and in no other", async () => {
  const own = await tryDevice("chmod 660 /dev/shm/node; chgrp 4242 /dev/shm/node");
  assertEquals(/berth: {3}(\d+) 4242\nberth: {3}opens\n/.test(own.stderr), true, own.stderr);
  const all = await tryDevice("chmod 666 /dev/shm/node");
  assertEquals(/berth: {3}(\d+)\nberth: {3}opens\n/.test(all.stderr), true, all.stderr);
  // Without a jail it is where the host has it.
  assertStringIncludes((await tryDevice("chmod 600 /dev/shm/node", "--jail=off")).stderr, "berth:   opens\n");
  for (const mode of ["chmod 600 /dev/shm/node", "chmod 660 /dev/shm/node"]) {
    const { code, stderr } = await tryDevice(mode);
    assertEquals(code, 125);
    assertStringIncludes(stderr, "/dev/shm/node: only root may open it");
  }
  assertEquals(await leftovers(state), []);
});

Deno.test("a VMM that locks a disk which it may only read keeps no other VM from it", async () => {
  const disk = `${folder}/shared.ext4`;
  await shell('rm -f "$1"; mke2fs -q -F -t ext4 "$1" 8M', disk);
  // The bytes that QEMU would lock (block/file-posix.c), by a lock for which reading is enough.
  const lock =
    `use Fcntl; open my $disk, "<", $ARGV[0] or die $!; my $range = pack "ssx4qqlx4", F_RDLCK, SEEK_SET, 100, 200, 0;
    fcntl $disk, 37, $range or die $!; $| = 1; print "held\\n"; <STDIN>`;
  const holder = new Deno.Command("sh", {
    args: ["-c", 'exec perl -e "$1" "$2"', "sh", lock, disk],
    stdin: "piped",
    stdout: "piped",
  })
    .spawn();
  const output = holder.stdout.getReader();
  assertEquals(new TextDecoder().decode((await output.read()).value), "held\n");
  const { code, stderr } = await berth(
    ["run", "--volume", `${disk}:/data:ro`, "--", "test", "-d", "/data/lost+found"],
    { state },
  );
  await holder.stdin.close();
  await output.cancel();
  await holder.status;
  assertEquals(code, 0, stderr);
});

Deno.test("root of a user namespace with few users is told so, and may have its VMs jailed as itself, or as one of those", async () => {
  const wrapper = ["unshare", "--user", "--map-root-user"];
  const refused = await berth(["run", "--accel=tcg", "--", "true"], { state, wrapper });
  assertEquals(refused.code, 125);
  assertStringIncludes(refused.stderr, "this user namespace has not all of the users 1900000000 to 1900065535 (");
  const { code, stdout, stderr } = await berth(["run", "--accel=tcg", "--jail=auto", "--", "echo", "ran"], {
    state,
    wrapper,
  });
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertStringIncludes(stderr, "VMMs can't be users of their own");
  // As newuidmap would do it: a container's root with many users.
  const map = `rm -f "$0"; mkfifo "$0"; unshare --user sh -c 'read -r go <"$0"; exec "$@"' "$0" "$@" & child=$!
    until echo 0 0 200000 2>/dev/null >/proc/$child/uid_map; do sleep 0.05; done
    echo 0 0 200000 >/proc/$child/gid_map; echo go >"$0"; wait $child`;
  const all = ["sh", "-c", map, `${folder}/go`];
  const own = await berth(["run", "--quiet", "--accel=tcg", "--uid-range=100000-100010", "--", "echo", "ran"], {
    state,
    wrapper: all,
  });
  assertEquals([own.code, own.stdout], [0, "ran\n"], own.stderr);
  assertEquals(await leftovers(state), []);
});
