import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { awaitVmm, berth, leftovers, SCRATCH, shell, start, STATE } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const KIB = 1024;
const MIB = 1024 * KIB;

/** Lines of numbers, over and over: a block that is lost or doubled shows, as no block is as long as a turn. */
const LAST = 500_000;
const TURN_BYTES = 3_388_895;
/** About 1 GiB. */
const TURNS = 317;
const OUTPUT_BYTES = TURNS * TURN_BYTES;
const PRINT = `seq 1 ${LAST} >/tmp/turn; i=0; while [ $i -lt ${TURNS} ]; do cat /tmp/turn; i=$((i + 1)); done`;

/** Runs a job with its stdout into a file of the host, and returns how long that is when it is a part of the output. */
async function printed(script: string): Promise<{ code: number; stderr: string; bytes: number }> {
  const file = `${SCRATCH}/printed`;
  const wrapper = ["sh", "-c", `exec "$@" >${file}`, "sh"];
  try {
    const { code, stderr } = await berth(["run", "--quiet", "--", "sh", "-c", script], { wrapper });
    const { size } = await Deno.stat(file);
    const compare = `seq 1 ${LAST} >"$2.turn"; while cat "$2.turn"; do :; done | cmp -n "$1" - "$2"`;
    await shell(compare, String(size), file);
    return { code, stderr, bytes: size };
  } finally {
    for (const path of [file, `${file}.turn`]) await Deno.remove(path).catch(() => {});
  }
}

Deno.test("1 GiB of output is whole when its job exits", async () => {
  const { code, stderr, bytes } = await printed(PRINT);
  assertEquals([code, stderr, bytes], [0, "", OUTPUT_BYTES]);
  assertEquals(await leftovers(), []);
});

Deno.test("of 1 GiB of output, a guest that is reset right after it loses 128 KiB at most, at the end", async () => {
  const { code, stderr, bytes } = await printed(`${PRINT}; echo b >/proc/sysrq-trigger; sleep 60`);
  assertEquals(code, 123);
  assertStringIncludes(stderr, "berth: guest-lost: ");
  assert(bytes <= OUTPUT_BYTES && bytes >= OUTPUT_BYTES - 128 * KIB, `${OUTPUT_BYTES - bytes} bytes are missing`);
  assertEquals(await leftovers(), []);
});

Deno.test("what a job that never stops printing has printed until it is killed is a whole beginning", async () => {
  // It ignores TERM, so it is killed in mid-write.
  const script = `trap '' TERM; while :; do seq 1 10000; done`;
  const { code, stdout } = await berth(["run", "--quiet", "--timeout", "1s", "--", "sh", "-c", script]);
  const turn = Array.from({ length: 10_000 }, (_, index) => `${index + 1}\n`).join("");
  const turns = turn.repeat(Math.ceil(stdout.length / turn.length));
  assertEquals([code, stdout.length > turn.length, turns.startsWith(stdout)], [124, true, true]);
});

Deno.test("--log-limit cuts each stream for itself, says how much is missing, and leaves the verdict alone", async () => {
  const report = `${SCRATCH}/report.json`;
  const script = "seq 1 200000; printf abcdefg >&2; printf hijklmnopqr >&2; exit 3";
  const args = ["run", "--quiet", "--log-limit", "10", "--report", report, "--", "sh", "-c", script];
  const { code, stdout, stderr } = await berth(args);
  assertEquals([code, stdout], [3, "1\n2\n3\n4\n5\n"]);
  assertEquals(stderr.split("\n"), [
    "abcdefghij",
    "berth: stdout: cut after 10 B (--log-limit); 1.2 MiB more are missing",
    "berth: stderr: cut after 10 B (--log-limit); 8 B more are missing",
    "",
  ]);
  const { verdict, log } = JSON.parse(await Deno.readTextFile(report));
  assertEquals([verdict, log], ["failed", {
    stdout: { bytes: 10, missingBytes: 1_288_895 - 10 },
    stderr: { bytes: 10, missingBytes: 8 },
  }]);
});

Deno.test("a job that prints far beyond its --log-limit does not fill the host's disk", async () => {
  const script = `seq 1 ${LAST} >/tmp/turn; for i in $(seq 60); do cat /tmp/turn; done; echo done >&2; sleep 2`;
  const child = start(["run", "--quiet", "--log-limit", "1M", "--", "sh", "-c", script]);
  const [mine, theirs] = child.stderr.tee();
  const reader = mine.getReader();
  const stdout = new Response(child.stdout).bytes();
  const stderr = new Response(theirs).text();
  await reader.read();
  void reader.cancel();
  const size = Number(await shell(`stat -c %s "$1"/jobs/*/out`, STATE));
  assertEquals([(await child.status).code, (await stdout).length], [0, MIB]);
  const [, missing] = /cut after 1 MiB \(--log-limit\); at least ([\d.]+) MiB more are missing/.exec(await stderr)!;
  assert(Number(missing) > 191 && Number(missing) <= 192.9, missing);
  assert(size < 128 * MIB, `the file has ${size} bytes`);
});

Deno.test("a VM that is ended under its job shows the ends of its logs, in name order and harmless", async () => {
  const script = `mknod /tmp/kmsg c 1 11; printf '<2>boo \\033[2J\\n' >/tmp/kmsg; sleep 1; echo up; sleep 60`;
  const child = start(["run", "--quiet", "--", "sh", "-c", script]);
  const [mine, theirs] = child.stdout.tee();
  const reader = mine.getReader();
  await reader.read();
  void reader.cancel();
  await shell("kill -TERM $1", await awaitVmm("there"));
  const [stderr, { code }] = await Promise.all([new Response(child.stderr).text(), child.status]);
  await theirs.cancel();
  assertEquals(code, 123);
  const lines = stderr.split("\n");
  const [serial, vmm] = ["serial.log", "vmm.log"].map((name) => lines.indexOf(`berth: the end of ${name}:`));
  assert(serial >= 0 && serial < vmm, stderr);
  assertStringIncludes(lines.slice(serial, vmm).join("\n"), "boo \\x1b[2J");
  assertStringIncludes(lines[vmm + 1], "berth:   qemu-system-x86_64: terminating on signal 15");
  assertStringIncludes(lines[vmm + 2], "berth: vmm-crashed: ");
  assertEquals(await leftovers(), []);
});
