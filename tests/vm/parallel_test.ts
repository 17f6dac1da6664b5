import { assertEquals } from "@std/assert";
import { leftovers, SCRATCH } from "../support/berth.ts";
import { runManyAtOnce } from "../support/many_jobs.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

Deno.test("20 jobs at once have their own ids, sockets, volumes and output, and share a cache", async () => {
  const reports = await runManyAtOnce(20);
  assertEquals(new Set(reports.map(({ id }) => id)).size, reports.length);
  assertEquals(reports.filter(({ verdict }) => verdict !== "succeeded"), []);
  assertEquals(await leftovers(), []);
});
