import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, finish, leftovers, SCRATCH, start } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** A job with a cache at /cache. */
function job(script: string, ...flags: string[]): string[] {
  return ["run", "--cache", "test:/cache:32M", ...flags, "--", "sh", "-c", script];
}

Deno.test("--cache: the next job gets what one that succeeded has left, and nothing of one that failed", async () => {
  // With an own state folder, there is no cache yet.
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
  const { code, stdout, stderr } = await berth(job("cat /cache/kept; stat -c %u /cache; stat -c %s /cache/z"));
  assertEquals([code, stdout], [0, `1000\n1000\n${5 * 1024 ** 2}\n`], stderr);
  assertEquals(await leftovers(), []);
});

Deno.test("--cache: one job writes at a time; another gets a copy that is not kept, and is told", async () => {
  // The first one goes on when its input ends.
  const first = start(job("echo started; cat; echo first >/cache/who", "--stdin"), { stdin: new Uint8Array() });
  const reader = first.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "started\n");
  reader.releaseLock();
  const second = await berth(job("[ -e /cache/kept ] && echo second >/cache/who"));
  assertEquals(second.code, 0, second.stderr);
  assertStringIncludes(second.stderr, "cache test: another job writes to it; this one gets a copy, which is not kept");
  await first.stdin.close();
  assertEquals((await finish(first)).code, 0);
  assertEquals((await berth(job("cat /cache/who"))).stdout, "first\n");
  assertEquals(await leftovers(), []);
});
