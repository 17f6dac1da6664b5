import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { berth, finish, leftovers, SCRATCH, shell, start, STATE } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** A job with a cache at /cache. */
function job(script: string, ...flags: string[]): string[] {
  return ["run", "--cache", "test:/cache:32M", ...flags, "--", "sh", "-c", script];
}

Deno.test("--cache: the next job gets what one that succeeded has left, and nothing of one that failed", async () => {
  await berth(["cache", "rm", "test"]);
  assertEquals(
    (await berth(
      job("ls -A /cache; id -u >/cache/kept; dd if=/dev/zero of=/cache/z bs=1M count=5", "--user", "1000:1000"),
    )).code,
    0,
  );
  const failed = await berth(job("echo of the failed >/cache/kept; exit 3"));
  assertEquals(failed.code, 3);
  const killed = await berth(job("echo of the slow >/cache/kept; sync; sleep 60", "--timeout", "1s"));
  assertEquals(killed.code, 124);
  const listed = (await berth(["cache", "ls"])).stdout;
  assertMatch(listed, /^NAME +TENANT +SIZE +CAP +AGE +IN USE\n/);
  assertMatch(listed, /^test +- +5\.\d MiB +32 MiB +\d+ s +no$/m);
  const { code, stdout, stderr } = await berth(job("cat /cache/kept; stat -c %u /cache; stat -c %s /cache/z"));
  assertEquals([code, stdout], [0, `1000\n1000\n${5 * 1024 ** 2}\n`], stderr);
  assertEquals(await leftovers(), []);
});

Deno.test("--cache: one job writes at a time; another gets a copy that is not kept, and is told", async () => {
  await berth(["cache", "rm", "test"]);
  assertEquals((await berth(job("echo before >/cache/who"))).code, 0);
  // The first one goes on when its input ends.
  const first = start(job("echo started; cat; echo first >/cache/who", "--stdin"), { stdin: new Uint8Array() });
  const reader = first.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "started\n");
  reader.releaseLock();
  const second = await berth(job('[ "$(cat /cache/who)" = before ] && echo second >/cache/who'));
  assertEquals(second.code, 0, second.stderr);
  assertStringIncludes(second.stderr, "cache test: another job writes to it; this one gets a copy, which is not kept");
  assertMatch((await berth(["cache", "ls"])).stdout, /^test .* yes$/m);
  const removed = await berth(["cache", "rm", "test"]);
  assertEquals([removed.code, removed.stderr.includes("a job writes to the cache test")], [125, true], removed.stderr);
  await first.stdin.close();
  assertEquals((await finish(first)).code, 0);
  assertEquals((await berth(job("cat /cache/who"))).stdout, "first\n");
  assertEquals(await leftovers(), []);
});

Deno.test("--cache: one that no guest can read is said to be so, with what to do", async () => {
  await berth(["cache", "rm", "bad"]);
  assertEquals((await berth(["run", "--quiet", "--cache", "bad:/cache:8M", "--", "true"])).code, 0);
  await shell('dd if=/dev/zero of="$1/caches/cache-bad/disk.ext4" bs=64k count=1 conv=notrunc 2>/dev/null', STATE);
  const { code, stderr } = await berth(["run", "--quiet", "--cache", "bad:/cache:8M", "--", "true"]);
  assertEquals(code, 125);
  assertStringIncludes(stderr, "berth: infra: the cache bad can't be mounted in the guest: mount ");
  assertStringIncludes(stderr, "(berth cache rm NAME lets the next job begin with an empty one)");
  const removed = await berth(["cache", "rm", "bad"]);
  assertEquals([removed.code, removed.stderr.startsWith("berth: removed cache bad, ")], [0, true], removed.stderr);
  assertEquals((await berth(["run", "--quiet", "--cache", "bad:/cache:8M", "--", "true"])).code, 0);
});

Deno.test("--cache: two of them and a volume, one below the other, are kept; what was removed in one is given back", async () => {
  for (const name of ["outer", "inner"]) await berth(["cache", "rm", name]);
  const flags = ["--cache", "outer:/c:64M", "--cache", "inner:/c/in:64M", "--volume", "new:8M:/c/in/deeper"];
  const run = (script: string) => berth(["run", "--quiet", ...flags, "--", "sh", "-c", script]);
  const used = async () => {
    const caches = JSON.parse((await berth(["cache", "ls", "--json"])).stdout) as { name: string; usedBytes: number }[];
    return caches.find(({ name }) => name === "outer")!.usedBytes;
  };
  const first = await run("echo outer >/c/kept; echo inner >/c/in/kept; dd if=/dev/urandom of=/c/large bs=1M count=20");
  assertEquals(first.code, 0, first.stderr);
  const full = await used();
  const second = await run("cat /c/kept /c/in/kept; rm /c/large");
  assertEquals([second.code, second.stdout], [0, "outer\ninner\n"], second.stderr);
  const rest = await used();
  assertEquals([full > 20 * 1024 ** 2, rest < 4 * 1024 ** 2], [true, true], `${full} bytes, then ${rest}`);
  assertEquals(await leftovers(), []);
});
