import { assert, assertEquals } from "@std/assert";
import { leftovers, SCRATCH, start } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** What is promised of the guest's clock when its job starts. */
const PROMISE_MS = 1000;

Deno.test("a guest's clock is the host's to within a second when its job starts", async () => {
  // A file's time is finer than busybox's date.
  const tell = "touch /tmp/now; stat -c %y /tmp/now";
  const child = start(["run", "--quiet", "--", "sh", "-c", `${tell}; read answer; ${tell}`], {
    stdin: new Uint8Array(),
  });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => Date.parse((await reader.read()).value!.trim().replace(/(\.\d{3})\d* /, "$1 "));
  const writer = child.stdin.getWriter();
  const first = await next();
  const firstSeen = Date.now();
  assert(first > firstSeen - 10_000 && first < firstSeen + PROMISE_MS, `${first} at ${firstSeen}`);
  // Between these two the guest has looked, which bounds what a slow machine adds.
  const asked = Date.now();
  await writer.write(new TextEncoder().encode("\n"));
  const second = await next();
  const answered = Date.now();
  const where = `${second} between ${asked} and ${answered}`;
  assert(second > asked - PROMISE_MS && second < answered + PROMISE_MS, where);
  await writer.close();
  await reader.cancel();
  const [stderr, { code }] = await Promise.all([new Response(child.stderr).text(), child.status]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(await leftovers(), []);
});
