import { assertEquals } from "@std/assert";
import type { Report } from "../../lib/job/report.ts";
import { berth, emptyFolder, leftovers, SCRATCH } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Each job has a new volume and a cache that all of them want; it writes its number to both, and reads it again. */
async function runManyAtOnce(jobs: number): Promise<Report[]> {
  const folder = await emptyFolder("many");
  const runs = Array.from({ length: jobs }, async (_, index) => {
    const report = `${folder}/${index}.json`;
    const script = `set -e; ls -A /vol | grep -vxF lost+found && exit 9; echo ${index} >/vol/number
      echo ${index} >>/cache/numbers; sleep 2; cat /vol/number; tail -n 1 /cache/numbers >&2`;
    const args = [
      ...["run", "--quiet", "--memory", "128M", "--boot-timeout", "5m", "--report", report],
      ...["--volume", "new:16M:/vol", "--cache", "many:/cache:64M"],
    ];
    const { code, stdout, stderr } = await berth([...args, "--", "sh", "-c", script]);
    assertEquals([code, stdout, stderr], [0, `${index}\n`, `${index}\n`]);
    return JSON.parse(await Deno.readTextFile(report)) as Report;
  });
  const settled = await Promise.allSettled(runs);
  assertEquals(settled.flatMap((one) => one.status === "rejected" ? [`${one.reason}`] : []), []);
  return settled.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
}

Deno.test("20 jobs at once have their own ids, sockets, volumes and output, and share a cache", async () => {
  const reports = await runManyAtOnce(20);
  assertEquals(new Set(reports.map(({ id }) => id)).size, reports.length);
  assertEquals(reports.filter(({ verdict }) => verdict !== "succeeded"), []);
  assertEquals(await leftovers(), []);
});
