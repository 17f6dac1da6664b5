import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { quoteWord } from "../../lib/base/quote.ts";
import { berth, commandLine, emptyFolder, leftovers, SCRATCH, shell, STATE } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });
// A job that is refused before its VM is made, but after its image is: there is no room for that on the hosts below.
await berth(["run", "--quiet", "--min-free", "900000G", "--", "true"]);

const MIB = 1024 ** 2;

/** What is in the reports that are looked at. */
interface Reported {
  readonly verdict: string;
  readonly code?: string;
  readonly reason: string;
  readonly started: boolean;
  readonly exitCode: number | null;
  readonly log?: {
    readonly stdout?: { readonly bytes: number; readonly missingBytes: number; readonly error?: string };
  };
}

/** A call of `berth run`, for a script of the host; its report and its words are in the folder that the script is in. */
function run(name: string, ...args: string[]): string {
  return commandLine(["run", "--quiet", "--report", `${name}.json`, ...args]).map(quoteWord).join(" ");
}

/** Runs a script on a host whose disk has so much room beside its images; returns what it leaves in its folder. */
async function onSmallHost(roomMiB: number, script: string) {
  const folder = await emptyFolder("small-host");
  const state = `${folder}/state`;
  const setup = `mkdir "$1"; size=$(($(du -sm "$2" | cut -f1) + ${roomMiB}))
    mount -t tmpfs -o size=\${size}m host "$1"; cp -a "$2/." "$1"; cd "$3"; export BERTH_STATE="$1"; set +e
    ${script}
    ls "$1/jobs" >left`;
  await shell('exec unshare -m sh -ec "$1" sh "$2" "$3" "$4"', setup, state, STATE, folder);
  assertEquals((await Deno.readTextFile(`${folder}/left`)).trim(), "");
  const read = (name: string) => Deno.readTextFile(`${folder}/${name}`).then((text) => text.trim());
  return { read, report: async (name: string): Promise<Reported> => JSON.parse(await read(`${name}.json`)) };
}

Deno.test("of three jobs at the floor only the largest goes, at each of several tries", async () => {
  const folder = await emptyFolder("floor");
  const script = `for try in 1 2 3 4; do mount -t tmpfs -o size=200m floor "$0"; "$@"; umount "$0"; done`;
  const main = new URL("../support/jobs_at_floor.ts", import.meta.url).pathname;
  const allowed = [`--allow-read=${folder}`, `--allow-write=${folder}`, "--allow-sys=statfs", "--allow-run=sh"];
  const command = [Deno.execPath(), "run", "-q", "--no-prompt", ...allowed, main, folder];
  const went = await shell('exec unshare -m sh -c "$@"', script, folder, ...command);
  assertEquals(went, "bbbbbbbbbbbb\n".repeat(4));
});

Deno.test("at the floor of the disk the largest job goes, and another one has printed more than there is room", async () => {
  // There are 130 MiB for all of them.
  const floor = ["--min-free", "64M"];
  const prints = `head -c ${200 * MIB} /dev/zero; echo >&2; cat`;
  const innocent = run("innocent", ...floor, "--stdin", "--", "sh", "-c", prints);
  const writes = ["dd", "if=/dev/zero", "of=/data/big", "bs=1M"];
  const large = run("large", ...floor, "--volume", "new:4G:/data", "--", ...writes);
  const { read, report } = await onSmallHost(
    194,
    `mkfifo in; { ${innocent}; echo $? >status; } <in 2>words | wc -c >bytes & exec 3>in
    until [ -s words ] || [ -e status ]; do sleep 0.1; done
    ${large} 2>large.words; echo $? >large.status; exec 3>&-; wait`,
  );
  assertEquals([await read("status"), await read("bytes")], ["0", String(200 * MIB)], await read("words"));
  assertEquals((await report("innocent")).verdict, "succeeded");
  const { verdict, code, reason } = await report("large");
  assertEquals([await read("large.status"), verdict, code], ["123", "infra", "host.disk-full"], reason);
  assertStringIncludes(reason, "64 MiB are to stay free");
});

Deno.test("a job that takes more than --disk has failed; output that can't be written is no success", async () => {
  const greedy = run("greedy", "--disk", "64M", "--volume", "new:1G:/data", "--", "dd", "if=/dev/zero", "of=/data/big");
  const mute = run("mute", "--", "sh", "-c", "head -c 100000 /dev/zero; echo heard >&2");
  const copies = run("copies", "--disk", "4K", "--volume", "new:1G:/data", "--", "true");
  const { read, report } = await onSmallHost(
    500,
    `${greedy} 2>greedy.words; echo $? >greedy.status
    mkdir tiny; mount -t tmpfs -o size=64k tiny tiny; ${mute} >tiny/out 2>mute.words; echo $? >mute.status
    wc -c <tiny/out >mute.bytes
    ${copies} 2>copies.words; echo $? >copies.status`,
  );
  const failed = await report("greedy");
  assertEquals([await read("greedy.status"), failed.verdict, failed.code], ["153", "failed", "job.disk"]);
  assertEquals([failed.started, failed.exitCode], [true, null]);
  assertMatch(
    await read("greedy.words"),
    /^berth: failed: the job takes .* of that in volume0\.ext4; it may take 64 MiB/,
  );

  const lost = await report("mute");
  assertEquals([await read("mute.status"), lost.verdict, lost.code, lost.exitCode], ["123", "infra", "job.output", 0]);
  const stdout = lost.log!.stdout!;
  assertEquals([stdout.bytes, stdout.missingBytes], [Number(await read("mute.bytes")), 100_000 - stdout.bytes]);
  assertEquals(stdout.error, "ENOSPC: No space left on device");
  const words = await read("mute.words");
  assert(words.startsWith("heard\n"), words);
  assertStringIncludes(words, "were not delivered: ENOSPC: No space left on device");

  const none = await report("copies");
  assertEquals([await read("copies.status"), none.verdict, none.code, none.started], [
    "125",
    "infra",
    "job.disk",
    false,
  ]);
  assertEquals(await leftovers(), []);
});
