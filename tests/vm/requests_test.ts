/**
 * Jobs as one value: printed, given back, and told of while they run.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, commandLine, emptyFolder, leftovers, shell, STATE } from "../support/berth.ts";

/** The events that stand in a file, in order. */
async function readEvents(path: string): Promise<Record<string, unknown>[]> {
  return (await Deno.readTextFile(path)).trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("berth run --dry-run prints what --request takes, with the limits that it gets; and makes nothing", async () => {
  const folder = await emptyFolder("requests");
  const artifact = `${folder}/out`;
  const command = ["sh", "-c", 'echo "$WORD"; touch /made'];
  const flags = ["--env", "WORD=a word", "--memory", "300M", "--artifact", `/made=${artifact}`, "--accel", "tcg"];
  // The image is there from then on, of which a job that is not run builds none.
  assertEquals((await berth(["run", "--quiet", "--", "true"])).code, 0);
  const { code, stdout, stderr } = await berth(["run", "--dry-run", ...flags, "--", ...command]);
  assertEquals([code, stderr], [0, ""]);
  const { request, plan } = JSON.parse(stdout);
  assertEquals([request.command, request.env, request.memoryBytes], [command, { WORD: "a word" }, 300 * 1024 ** 2]);
  assertEquals([plan.guestMemoryBytes, plan.accelerator, plan.limits.pidsMax], [300 * 1024 ** 2, "tcg", 256]);
  assertEquals(plan.limits.memoryMaxBytes, plan.guestMemoryBytes + plan.memoryOverheadBytes);
  assertEquals(await shell('ls -A "$1"', folder), "");
  await Deno.writeTextFile(`${folder}/request.json`, JSON.stringify(request));
  const again = await berth(["run", "--dry-run", "--request", `${folder}/request.json`]);
  assertEquals(JSON.parse(again.stdout), { request, plan });
  const files = ["--report", `${folder}/report.json`, "--events", `${folder}/events.jsonl`];
  const run = await berth(["run", "--quiet", "--request", `${folder}/request.json`, ...files]);
  assertEquals([run.code, run.stdout], [0, "a word\n"], run.stderr);
  assertEquals(await shell('ls -A "$1"', artifact), "made\n");
  const [report, events] = [
    await Deno.readTextFile(`${folder}/report.json`),
    await readEvents(`${folder}/events.jsonl`),
  ];
  const { id, evidence, limits } = JSON.parse(report);
  assertEquals([events[0].kind, events[0].version, events[0].id], ["job", 1, id]);
  const seen = events.filter(({ kind }) => kind === "seen");
  assertEquals(seen.map(({ atMs, source, what }) => ({ atMs, source, what })), evidence);
  assertEquals(limits.memoryMaxBytes.value, plan.limits.memoryMaxBytes);
  assertEquals(events.at(-1)?.point, "report");
  assertEquals(await leftovers(), []);
});

Deno.test("berth run --dry-run says what is wrong with a job that it can see", async () => {
  const absent = await berth(["run", "--dry-run", "--image", "nobody-made-it", "--", "true"]);
  assertEquals([absent.code, absent.stdout], [125, ""]);
  assertStringIncludes(absent.stderr, "nobody-made-it");
  const both = await berth(["run", "--dry-run", "--report", "r.json", "--", "true"]);
  assertEquals(both.code, 125);
  assertStringIncludes(both.stderr, "--dry-run runs nothing: leave out --report");
});

Deno.test("berth run writes events to a descriptor of its caller's, which no job has, and is done with it when it ends", async () => {
  const call = commandLine(["run", "--quiet", "--events", "7", "--", "sh", "-c", "ls /proc/self/fd; exit 3"]);
  const script = `export BERTH_STATE="$1"; shift
    { { "$@" 7>&1 >&2 || echo "{\\"status\\":$?}"; } | cat; } 2>/dev/null`;
  const lines = (await shell(script, STATE, ...call)).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.slice(0, 1).map(({ kind, version }) => [kind, version]), [["job", 1]]);
  // Though nobody is told of it on standard error.
  const early = lines.filter((line) => line.early).map(({ text }) => text);
  assertEquals(early.some((text) => text.startsWith("not enforced by a cgroup: memory.max")), true, early.join("\n"));
  assertEquals(lines.slice(-2).map(({ point, status }) => point ?? status), ["report", 3]);
  assertEquals(await leftovers(), []);
});

Deno.test("berth run goes on when nobody reads its events, and does not outlive a reader that never reads", async () => {
  const folder = await emptyFolder("readers");
  const script = `export BERTH_STATE="$2"; cd "$1"; shift 2
    "$@" --events 3 -- echo one 3>&1 >out 2>err | head -n 1
    mkfifo pipe
    exec 3<>pipe && head -c 65536 /dev/zero >&3
    "$@" --events 3 -- echo two >>out 2>>err`;
  const [first] = (await shell(script, folder, STATE, ...commandLine(["run"]))).split("\n");
  assertEquals(JSON.parse(first).kind, "job");
  assertEquals(await Deno.readTextFile(`${folder}/out`), "one\ntwo\n");
  assertEquals((await Deno.readTextFile(`${folder}/err`)).match(/events can't be written any more/g)?.length, 2);
  assertEquals(await leftovers(), []);
});

Deno.test("berth run takes no descriptor that can't be written, and says what would be right", async () => {
  for (const [open, wrong] of [["", "is not open"], ["5</dev/null", "is open for reading only"]]) {
    const call = commandLine(["run", "--events", "5", "--", "true"]);
    const said = await shell(`"$@" ${open} 2>&1 || echo "$?"`, ...call);
    assertStringIncludes(said, `berth: --events 5: descriptor 5 ${wrong}; open it, as in --events 5 5>FILE`);
    assertEquals(said.endsWith("\n125\n"), true, said);
  }
});

Deno.test("berth run takes no file for events that it could not write safely", async () => {
  const folder = await emptyFolder("events");
  await shell('mkfifo "$1/pipe"; ln -s /etc/passwd "$1/link"', folder);
  for (const name of ["pipe", "link", "none/such"]) {
    const { code, stderr } = await berth(["run", "--events", `${folder}/${name}`, "--", "true"]);
    assertEquals(code, 125, stderr);
    assertStringIncludes(stderr, `${folder}/${name}`);
  }
});

Deno.test("berth run takes none of its caller's input for a job that comes to nothing", async () => {
  const call = commandLine(["run", "--stdin", "--image", "nobody-made-it", "--", "cat"]);
  const script = `printf 'one\\ntwo\\n' | { "$@" 2>/dev/null || echo "$?"; cat; }`;
  const left = await shell(script, ...call);
  assertEquals(left, "125\none\ntwo\n");
});

Deno.test("berth run takes one file for the report or for events, and not for both", async () => {
  const folder = await emptyFolder("twice");
  await shell('ln -s . "$1/same"', folder);
  const files = ["--events", `${folder}/f`, "--report", `${folder}/same/f`];
  const { code, stderr } = await berth(["run", ...files, "--", "true"]);
  assertEquals(code, 125);
  assertStringIncludes(stderr, "is the file of --report");
});

Deno.test("berth run ends a job whose input can't be read, whatever its caller ignores, and does not take that for its end", async () => {
  const folder = await emptyFolder("input");
  const call = commandLine([
    "run",
    "--quiet",
    "--stdin",
    "--report",
    `${folder}/report`,
    "--",
    "sh",
    "-c",
    "cat; echo whole",
  ]);
  for (const ignored of ["", "trap '' HUP INT TERM;"]) {
    const said = await shell(`${ignored} "$@" </tmp 2>&1 || echo "$?"`, ...call);
    assertStringIncludes(said, "berth: infra: the job's input can't be read: Is a directory");
    assertEquals([said.includes("whole"), said.endsWith("\n123\n")], [false, true], said);
    const { verdict, code } = JSON.parse(await Deno.readTextFile(`${folder}/report`));
    assertEquals([verdict, code], ["infra", "job.input"]);
  }
  assertEquals(await leftovers(), []);
});
