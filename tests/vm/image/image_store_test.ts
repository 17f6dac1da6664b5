import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, shell, start } from "../../support/berth.ts";

const HEADER = /^NAME {2,}SIZE {2,}AGE {2,}KERNEL {2,}TEMPLATES {2,}USED BY\n/;
const STATE = await emptyFolder("image-store");

const call = (...args: string[]) => berth(args, { state: STATE });

/** Begins anew, as which of these tests run before one is not known. @param built images that are to be there. */
async function begin(...built: string[]): Promise<void> {
  await emptyFolder("image-store");
  for (const name of built) assertEquals((await call("image", "build", "--quiet", name)).code, 0);
}

/** The files of the store, and what killed builds have left. */
async function stored(): Promise<string[]> {
  const found = await shell(`cd "$1/images" && ls -d .store/* .work-* 2>/dev/null || true`, STATE);
  return found.split("\n").filter((line) => line);
}

Deno.test("berth image ls has nothing but its header to say of an empty store", async () => {
  await begin();
  const { code, stdout, stderr } = await call("image", "ls");
  assertEquals([code, stdout.replace(HEADER, ""), stderr], [0, "", ""]);
  assertEquals((await call("image", "ls", "--json")).stdout, "[]\n");
});

Deno.test("of two builds of the same image at once, one builds it and the other one waits", async () => {
  await begin();
  const builds = await Promise.all([call("image", "build", "small"), call("image", "build", "small")]);
  assertEquals(builds.map(({ code }) => code), [0, 0]);
  const [waited, built] = ["waiting", "is ready"].map((word) =>
    builds.find(({ stderr }) => stderr.includes(word))?.stderr
  );
  assertEquals(
    waited,
    `berth: another berth is building it; waiting\nberth: image "small": the other berth has built the same\n`,
  );
  assertStringIncludes(built ?? "", 'berth: image "small" is ready');
  assertEquals((await stored()).length, 2);
});

Deno.test("berth image inspect prints a spec that berth can run", async () => {
  await begin("small");
  const { code, stdout } = await call("image", "inspect", "small");
  const { kernel, initrd, ...spec } = JSON.parse(stdout);
  assertEquals([code, spec.memoryMiB], [0, 512]);
  const folder = await emptyFolder("image-copy");
  await shell(`cp "$2" "$1/k" && cp "$3" "$1/i"`, folder, kernel, initrd);
  await Deno.writeTextFile(`${folder}/spec.json`, JSON.stringify({ ...spec, kernel: "k", initrd: "i" }));
  const ran = await call("run", "--quiet", "--image", folder, "--", "echo", "it runs");
  assertEquals([ran.code, ran.stdout], [0, "it runs\n"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("an image that a job runs on is not removed; with force its name is, and the job ends well", async () => {
  await begin("small");
  const child = start(["run", "--quiet", "--image", "small", "--", "sh", "-c", "echo up; sleep 12; echo over"], {
    state: STATE,
  });
  const [mine, theirs] = child.stdout.tee();
  const output = new Response(theirs).text();
  const words = new Response(child.stderr).text();
  const reader = mine.getReader();
  await reader.read();
  void reader.cancel();

  const listed = await call("image", "ls");
  const [, id] = /^small +[0-9.]+ MiB +\d+ (?:s|min) +[0-9]\S+ +(?:-|\d+, [0-9.]+ MiB) +([0-9a-z]{12})\n$/.exec(
    listed.stdout.replace(HEADER, ""),
  ) ?? [];
  assert(id, listed.stdout);
  const refused = await call("image", "rm", "small");
  assertEquals(refused.code, 125);
  assertStringIncludes(refused.stderr, `image "small": the job ${id} runs on it`);
  assertEquals(JSON.parse((await call("image", "ls", "--json")).stdout)[0].usedBy, [id]);
  await call("image", "prune", "--older", "0.001s");
  assertStringIncludes((await call("image", "ls")).stdout, "small");

  const forced = await call("image", "rm", "--force", "small");
  assertEquals(forced.code, 0);
  assertStringIncludes(forced.stderr, "2 files stay while jobs run on them");
  assertMatch((await call("image", "ls")).stdout, new RegExp(`${HEADER.source}$`));
  assertEquals((await call("run", "--image", "small", "--", "true")).code, 125);
  assertEquals((await stored()).length, 2);

  assertEquals([(await child.status).code, await output, await words], [0, "up\nover\n", ""]);
  assertMatch((await call("image", "prune", "--older", "1d")).stderr, /^berth: freed [0-9.]+ MiB\n$/);
  assertEquals(await stored(), []);
  assertEquals(await leftovers(STATE), []);
});

for (const [moment, ...flags] of [["kernel: "], ["installing essential packages", "--debian", "bookworm"]]) {
  Deno.test(`a build that is killed while it says "${moment}" leaves nothing that looks finished`, async () => {
    await begin();
    const child = start(["image", "build", "killed", ...flags], { state: STATE });
    const stdout = new Response(child.stdout).text();
    let words = "";
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      if (!words.includes(moment) && (words + chunk).includes(moment)) await killHostProcess();
      words += chunk;
    }
    assert((await child.status).code !== 0, words);
    await stdout;
    assertMatch((await call("image", "ls")).stdout, new RegExp(`${HEADER.source}$`));
    // What it had started is over as well: nobody writes there any more.
    await shell(
      `for i in $(seq 100); do grep -lF " $1" /proc/[0-9]*/mountinfo >&2 2>/dev/null || exit 0; sleep 0.1; done; exit 1`,
      STATE,
    );
    assertEquals((await stored()).filter((name) => name.startsWith(".work-")).length, 1);
    const pruned = await call("image", "prune", "--older", "1d");
    assertEquals([pruned.code, await stored()], [0, []], pruned.stderr);
    assertEquals(await leftovers(STATE), []);
  });
}

Deno.test("gc, rm and prune remove templates that nothing needs, and say what that frees", async () => {
  await begin("small");
  const folder = `${STATE}/images/.templates`;
  await Deno.mkdir(folder, { mode: 0o700 });
  for (const args of [["gc"], ["image", "prune", "--older", "1d"]]) {
    await Deno.writeTextFile(`${folder}/.work-${"0".repeat(32)}`, "half-made");
    const { code, stderr } = await call(...args);
    assertEquals([code, await shell(`ls -A "$1"`, folder)], [0, ".lock\n"], stderr);
    assertMatch(stderr, /^berth: freed 9 B/);
  }
  await Deno.writeTextFile(`${folder}/${"1".repeat(32)}.state`, "of no record");
  assertEquals((await call("image", "rm", "small")).code, 0);
  assertEquals(await shell(`ls -A "$1"`, folder), ".lock\n");
});

Deno.test("prune removes what was neither built nor used for so long, and says so", async () => {
  await begin("old", "young");
  // As if it were older.
  const origin = `${STATE}/images/old/origin.json`;
  const text = await Deno.readTextFile(origin);
  await Deno.writeTextFile(origin, text.replace(/"builtAt": "[^"]*"/, '"builtAt": "2026-01-01T00:00:00.000Z"'));
  const { code, stderr } = await call("image", "prune", "--older", "1h");
  assertEquals(code, 0);
  // The two share their files, so almost nothing becomes free.
  assertMatch(stderr, /^berth: removed image "old"\nberth: freed \d+ B\n$/);
  assertEquals((await stored()).length, 2);
  const removed = await call("image", "rm", "young", "no-such");
  assertEquals(removed.code, 125);
  assertStringIncludes(removed.stderr, 'there is no image "no-such"');
  assertStringIncludes((await call("image", "ls")).stdout, "young");
  assertEquals((await call("image", "rm", "young")).code, 0);
  assertEquals(await stored(), []);
  await Deno.remove(STATE, { recursive: true });
});

/** Kills the process that builds, which is the one that runs berth behind windows on this state folder. */
async function killHostProcess(): Promise<void> {
  const script = `
    grep -lF " $1" /proc/[0-9]*/mountinfo 2>/dev/null | while read -r file; do
      if tr '\\0' ' ' <"\${file%/*}/cmdline" | grep -qE '(main.ts|berth) image build'; then
        process=\${file%/*}
        kill -KILL "\${process#/proc/}"
      fi
    done`;
  await shell(script, STATE);
}
