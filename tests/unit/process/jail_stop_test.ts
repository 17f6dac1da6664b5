// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { settlesWithin } from "../../../lib/base/deadline.ts";
import { startChild } from "../../../lib/process/child.ts";
import { planJail } from "../../../lib/process/jail.ts";
import { jailMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** Ends the processes in whose arguments a path stands that only this test has. */
async function killAllWith(path: string): Promise<void> {
  const script = 'for process in $(pgrep -f "bwrap.*$1"); do kill -9 "$process"; done';
  await new Deno.Command("sh", { args: ["-c", script, "sh", path] }).output();
}

testNeeding(await jailMissing(), "stop() leaves nothing of a jail behind, however young it is", async () => {
  await using folder = await temporaryFolder();
  const [command, ...jail] = planJail({ readOnly: [], writable: [folder.path], cwd: "/" });
  const args = [...jail, "sleep", "20"];
  const children = Array.from({ length: 40 }, () => startChild({ command, args, stderr: "piped", leadsGroup: true }));
  // Whatever is left of a jail holds its stderr open.
  const ends = children.map((child) => new Response(child.stderr).text());
  await Promise.all(children.map((child) => child.stop()));
  const gone = await Promise.all(ends.map((end) => settlesWithin(end, 5000)));
  await killAllWith(folder.path);
  await Promise.all(ends);
  assertEquals(gone.filter((one) => !one).length, 0, "jails were still there after they had been stopped");
});
