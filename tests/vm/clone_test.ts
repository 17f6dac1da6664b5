import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { writeCpio } from "../../lib/image/cpio.ts";
import type { Report } from "../../lib/job/report.ts";
import { berth, COLD, emptyFolder, leftovers, type Outcome, SCRATCH, shell, STATE } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const TEMPLATES = `${STATE}/images/.templates`;
const FLAGS = ["--quiet", "--accel", "tcg"];

/** Runs a job, and reads its report. */
async function run(flags: readonly string[], script: string, stdin?: string): Promise<Outcome & { report: Report }> {
  const path = `${SCRATCH}/clone.json`;
  const options = stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) };
  const outcome = await berth(["run", ...FLAGS, "--report", path, ...flags, "--", "sh", "-ec", script], options);
  return { ...outcome, report: JSON.parse(await Deno.readTextFile(path)) };
}

/** Makes sure that there is a template of jobs without a wish, and no other one. */
async function makeTemplate(flags: readonly string[] = []): Promise<string> {
  await shell('rm -rf "$1"', TEMPLATES);
  const { code, report, stderr } = await run(["--start", "clone", ...flags], "true");
  assertEquals([code, report.start, report.startNote === undefined, stderr], [0, "cold", false, ""]);
  return (await shell('echo "$1"/*.state', TEMPLATES)).trim();
}

const sum = async (path: string) => await shell('sha256sum <"$1"', path);

Deno.test("the first guest of a shape is saved, and those after it are clones of it, each its own", async () => {
  const state = await makeTemplate();
  const before = await sum(state);
  const tell = `cat /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | xxd -p; cat /proc/sys/kernel/random/uuid
    date +%s`;
  const seen: string[] = [];
  for (let count = 0; count < 3; count++) {
    const { code, stdout, stderr, report } = await run(["--start", "clone"], tell);
    assertEquals([code, report.start, report.startNote, report.attempts, stderr], [0, "clone", undefined, 1, ""]);
    assert(report.timingsMs.restore! <= report.timingsMs.boot!);
    const lines = stdout.trim().split("\n");
    const late = Date.now() / 1000 - Number(lines.pop());
    assert(late > -2 && late < 20, `its clock is ${late} s behind`);
    seen.push(...lines);
  }
  assertEquals(new Set(seen).size, 9, seen.join("\n"));
  assertEquals(await sum(state), before);
  assertEquals((await run(COLD, "true")).report.start, "cold");
  // A job that says nothing is one, too.
  assertEquals((await run([], "true")).report.start, "clone");
  assertEquals(await leftovers(), []);
});

/** An image whose guests never renew their randomness: what gives them that does nothing. */
async function makeUnseededImage(): Promise<void> {
  const folder = `${STATE}/images`;
  const [spec, origin] = await Promise.all(
    ["spec", "origin"].map(async (name) => JSON.parse(await Deno.readTextFile(`${folder}/default/${name}.json`))),
  );
  const whole = await Deno.readFile(`${folder}/default/${spec.initrd}`);
  const data = new TextEncoder().encode("#!/bin/busybox sh\nexit 0\n");
  // Of two files with one name the kernel unpacks the later one last.
  const other = writeCpio([{ type: "file", path: "berth/become", mode: 0o755, data }]);
  const initrd = `../.store/${"0".repeat(28)}5eed.initramfs`;
  await shell('rm -rf "$1"; mkdir "$1"', `${folder}/unseeded`);
  await Deno.writeFile(`${folder}/unseeded/${initrd}`, new Uint8Array([...whole, ...other]));
  await Deno.writeTextFile(`${folder}/unseeded/spec.json`, JSON.stringify({ ...spec, initrd }));
  const files = [spec.kernel, initrd];
  await Deno.writeTextFile(`${folder}/unseeded/origin.json`, JSON.stringify({ ...origin, files }));
}

Deno.test("clones that do not renew their randomness have it in common: it is become that makes them differ", async () => {
  assertEquals((await run([], "true")).code, 0);
  await makeUnseededImage();
  const draw = "cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | xxd -p";
  const drawn: string[][] = [];
  // A kernel renews it by itself every few seconds while it is young: a clone may come after that.
  for (let tries = 0; tries < 8 && drawn.at(-1)?.length !== 1; tries++) {
    await shell('rm -rf "$1"', TEMPLATES);
    const flags = ["--image", "unseeded", "--start", "clone"];
    assertEquals((await run(flags, "true")).report.start, "cold");
    const clones = [await run(flags, draw), await run(flags, draw)];
    assertEquals(clones.map(({ code, report }) => [code, report.start]), Array(2).fill([0, "clone"]));
    drawn.push([...new Set(clones.map(({ stdout }) => stdout))]);
  }
  assertEquals(drawn.at(-1)?.length, 1, drawn.join("\n"));
  assertEquals((await berth(["image", "rm", "unseeded"])).code, 0);
});

Deno.test("berth image warm saves a guest, so that the first job is a clone, and tries one that is there", async () => {
  assertEquals((await run([], "true")).code, 0);
  await shell('rm -rf "$1"', TEMPLATES);
  const warm = ["image", "warm", "default", "--accel", "tcg", "--memory", "400M"];
  const [first, second] = [await berth(warm), await berth(warm)];
  const shape = 'berth: image "default" (400 MiB, 1 vCPU, tcg)';
  assertEquals([first.code, first.stderr.includes(`${shape}: a guest is saved\n`)], [0, true], first.stderr);
  const again = `${shape}: such a guest is saved already: a clone of it has started\n`;
  assertEquals([second.code, second.stderr.includes(again)], [0, true], second.stderr);
  assertEquals((await run(["--start", "clone", "--memory", "400M"], "true")).report.start, "clone");
  const { code, stderr } = await berth(["image", "warm", "none"]);
  assertEquals([code, stderr.startsWith('berth: there is no image "none"')], [125, true], stderr);
  assertEquals(await leftovers(), []);
});

Deno.test("a clone has its own job's disks, sizes, input, artifacts, users and environment", async () => {
  await makeTemplate();
  const workspace = await emptyFolder("clone-workspace");
  const out = await emptyFolder("clone-out");
  for (const [size, words] of [["16M", "one"], ["64M", "another one"]]) {
    await Deno.writeTextFile(`${workspace}/file`, words);
    const flags = [
      ...[
        "--start",
        "clone",
        "--workspace",
        workspace,
        "--volume",
        `new:${size}:/v`,
        "--env",
        `WORDS=${words}`,
        "--stdin",
      ],
      ...["--artifact", `/v/made=${out}`, "--user", "1234:5678"],
    ];
    const script = `cat file; cat; echo; echo "$WORDS"; id -u; df -m /v | tail -n 1 | awk '{ print ($2 > 30) }'
      echo "$WORDS" >/v/made`;
    const { code, stdout, stderr, report } = await run(flags, script, words);
    const large = size === "64M" ? 1 : 0;
    assertEquals([code, report.start], [0, "clone"], stderr);
    assertEquals(stdout, `${words}${words}\n${words}\n1234\n${large}\n`);
    assertEquals(await shell('cat "$1/made"', out), `${words}\n`);
  }
  assertEquals(await leftovers(), []);
});

Deno.test("a job has three descriptors, and none of the room that waited for it, whoever it is and however it begins", async () => {
  await makeTemplate();
  const list = "for file in /proc/$$/fd/*; do [ ! -e $file ] || echo ${file##*/}; done";
  for (const start of [COLD, ["--start", "clone"]]) {
    for (const user of ["root", "1234:5678"]) {
      const { code, stdout, stderr } = await run([...start, "--user", user, "--drain", list], list);
      assertEquals([code, stdout], [0, "0\n1\n2\n".repeat(2)], `${start} ${user}: ${stderr}`);
    }
  }
});

Deno.test("16 volumes and a scratch disk are a clone's, too", async () => {
  const volumes = Array.from({ length: 16 }, (_, index) => ["--volume", `new:${8 + index}M:/v${index}`]).flat();
  const flags = ["--scratch", "64M", ...volumes];
  await makeTemplate(flags);
  const script = `for n in $(seq 0 15); do echo $n >/v$n/file; done; cat /v*/file | sort -n | tr '\\n' ' '
    df -m / | tail -n 1 | awk '{ print ($2 < 70) }'`;
  const { code, stdout, stderr, report } = await run(["--start", "clone", ...flags], script);
  assertEquals([code, report.start], [0, "clone"], stderr);
  assertEquals(stdout, `${Array.from({ length: 16 }, (_, index) => `${index} `).join("")}1\n`);
});

Deno.test("nothing of the job that a template was saved under is in it", async () => {
  const workspace = await emptyFolder("clone-secret");
  const mark = "mark-7c1d5f0b";
  await Deno.writeTextFile(`${workspace}/${mark}-name`, `${mark}-content`);
  await shell('rm -rf "$1"', TEMPLATES);
  const flags = ["--start", "clone", "--workspace", workspace, "--env", `A=${mark}-env`, "--volume", "new:8M:/v"];
  const { code, report } = await run(flags, `echo ${mark}-argv; cat ${mark}-name; echo ${mark} >/v/file`);
  assertEquals([code, report.start], [0, "cold"]);
  const count = await shell('grep -c -a -e "$2" -e "$3" "$1"/*.state || :', TEMPLATES, mark, report.id);
  assertEquals(count.trim(), "0");
});

const DAMAGES: [what: string, script: string][] = [
  ["changed", 'printf x | dd of="$1" bs=1 seek=5000000 conv=notrunc 2>/dev/null'],
  ["cut off", 'truncate -s -1 "$1"'],
  ["another mode's", 'chmod 644 "$1"'],
  ["another owner's", 'chown 1234 "$1"'],
  ["a link", 'mv "$1" "$1.moved"; ln -s "$1.moved" "$1"'],
];
Deno.test("a template that is not as it was written is not used, which is said, and made anew", async () => {
  for (const [what, script] of DAMAGES) {
    const state = await makeTemplate();
    await shell(script, state);
    const { code, report } = await run(["--start", "auto"], "true");
    assertEquals([code, report.start, report.startNote !== undefined], [0, "cold", true], what);
    assertEquals((await run(["--start", "auto"], "true")).report.start, "clone", what);
  }
});

Deno.test("--start clone refuses what can't be cloned; auto boots it, and says why", async () => {
  const refused = await run(["--start", "clone", "--device", "/dev/full:rw"], "true");
  assertEquals([refused.code, refused.report.verdict, refused.report.code], [125, "infra", "vm.clone"]);
  assertStringIncludes(refused.report.reason, "devices");
  const booted = await run(["--start", "auto", "--device", "/dev/full:rw"], "true");
  assertEquals([booted.code, booted.report.start], [0, "cold"]);
  assertStringIncludes(booted.report.startNote!, "devices");
  assertEquals(await leftovers(), []);
});
