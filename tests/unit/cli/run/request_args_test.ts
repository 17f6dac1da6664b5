// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { mergeValues } from "../../../../lib/cli/config/merge.ts";
import { readLayerValues } from "../../../../lib/cli/config/check.ts";
import { parseConfigFile } from "../../../../lib/cli/config/file.ts";
import { isJobFlag } from "../../../../lib/cli/line/flag.ts";
import { RUN_FLAGS } from "../../../../lib/cli/line/run_flags.ts";
import { valuesIn } from "../../../../lib/cli/line/given.ts";
import { completeArgs, parseRunArgs, parseRunLine } from "../../../../lib/cli/run/args.ts";
import { parseRequest } from "../../../../lib/job/request/parse.ts";
import { JOB_KEYS } from "../../../../lib/job/request/rules.ts";

const HOST_BYTES = 8 * 1024 ** 3;

/** What a request means, where this is configured. */
function requested(request: unknown, file: Record<string, unknown> = {}) {
  const own = valuesIn(parseRequest(JSON.stringify(request), "job.json", HOST_BYTES));
  const configured = readLayerValues([parseConfigFile(JSON.stringify(file))], HOST_BYTES);
  const { values, notes } = mergeValues(own, configured, HOST_BYTES);
  return { request: completeArgs(parseRunLine(["--request", "job.json"]), values, HOST_BYTES).request, notes };
}

const LINES: string[][] = [
  [],
  ["--limits=off", "--", "true"],
  [
    "--memory=1G",
    "--cpus=2",
    "--timeout=90s",
    "--drain=sync",
    "--start=clone",
    "--workspace=.",
    "--artifact=/o=out",
    "--stdin",
    "make",
  ],
  [
    "--volume=d:/d:ro",
    "--volume=new:1M:/e",
    "--cache=npm:/c",
    "--io-max=/dev/sda:rbps=1M",
    "--device=/dev/fuse:r",
    "x",
  ],
  ["--tenant=a", "--tenant-memory=1G", "--tenant-pids=99", "--uid-range=5-9", "--user=1:2", "--name=n", "x", ""],
];
for (const line of LINES) {
  Deno.test(`a request says what the command line said that it was made of: ${line.join(" ")}`, () => {
    const { request } = parseRunArgs(line, HOST_BYTES);
    assertEquals(requested(request), { request, notes: [] });
    // Nor does it take anything that is configured in the place of what it says.
    const file = { pids: 99, minFree: "1G", accel: "tcg", start: "cold", image: "other" };
    assertEquals(requested(request, file).request, request);
  });
}

Deno.test("what a request does not say is as it is configured, and what contradicts it is left out", () => {
  const { request, notes } = requested({ version: 1, memoryBytes: 2 * 1024 ** 3 }, {
    memory: "1G",
    memoryHigh: "1G",
    cpus: 3,
  });
  assertEquals([request.memoryBytes, request.memoryHighBytes, request.cpus], [2 * 1024 ** 3, undefined, 3]);
  assertEquals(notes, [
    "memoryHigh of /etc/berth/config.json is left out, as it contradicts what counts more: memoryHigh: 1G is less than " +
    "the guest has (memoryBytes 2147483648)",
  ]);
});

Deno.test("parseRunLine() takes with --request only flags that say how a job is told of, and names the others", () => {
  const { requestFile, report, quiet } = parseRunLine(["--request", "-", "--report", "r.json", "--quiet"]);
  assertEquals([requestFile, report, quiet], ["-", "r.json", true]);
  const wrong = ["--request=r", "--stdin", "--env=A=1", "--env-file=e", "--memory=1G", "--", "make"];
  const words = "leave out --memory and --env and --env-file and --stdin and a command";
  assertEquals(assertThrows(() => parseRunLine(wrong), BerthError, words).code, "usage.flag");
});

Deno.test("every key of a request is one flag's, but for the command and the environment", () => {
  const keys = RUN_FLAGS.filter(isJobFlag).map(({ key }) => key);
  assertEquals([...keys, "command", "env"].toSorted(), [...JOB_KEYS].toSorted());
});
