/**
 * What the agent makes of a command's end: its own words, run by busybox here, in another folder than /run.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { shell } from "../../support/berth.ts";

const JOB = new URL("../../../lib/guest/agent/job.sh", import.meta.url).pathname;
const NAMESPACE = new URL("../../../lib/guest/agent/namespace.sh", import.meta.url).pathname;
const FOLDER = "/var/tmp/berth-test/exit-status";

/** Each command, as the first process of a job's namespace runs it, and what the agent tells of it then. */
async function tell(commands: readonly string[]): Promise<string[]> {
  const script = `
    rm -rf "$3"; mkdir -p "$3"
    sed "s,/run/,$3/,g" "$1" >"$3/job.sh"
    sed -n 's,/run/,'"$3"'/,; s,setsid unshare.*,"$@",p' "$2" >"$3/time.sh"
    [ "$(wc -l <"$3/time.sh")" = 1 ] || { echo "namespace.sh has no line of time(1) any more" >&2; exit 1; }
    export JOB=$3/job.sh TIME=$3/time.sh STATUS=$3/status
    shift 3
    for command; do
      rm -f "$STATUS"
      busybox sh -c '. "$TIME"' sh busybox sh -c "$command" 2>/dev/null || true
      busybox sh -c '. "$JOB"; read_status; echo "$status"'
    done`;
  return (await shell(script, JOB, NAMESPACE, FOLDER, ...commands)).trim().split("\n");
}

const problem = await programsMissing("busybox");

testNeeding(problem, "the agent tells every exit status", async () => {
  const statuses = Array.from({ length: 256 }, (_, status) => status);
  assertEquals(await tell(statuses.map((status) => `exit ${status}`)), statuses.map((status) => `code ${status}`));
});

testNeeding(
  problem,
  "the agent tells every signal that can end a process from a status that looks like it",
  async () => {
    // Those that no handler of busybox's shell takes: without 3, and the ones that stop, go on, or are ignored.
    const signals = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31];
    const commands = signals.map((signal) => `ulimit -c 0; kill -${signal} $$; sleep 1`);
    assertEquals(await tell(commands), signals.map((signal) => `signal ${signal}`));
  },
);

testNeeding(problem, "the agent tells an end that nobody saw from all others", async () => {
  assertEquals(await tell(['rm "$STATUS"; kill -9 $PPID']), ["signal 9"]);
});
