// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { parseConfigFile } from "../../../../lib/cli/config/file.ts";
import { mergeValues } from "../../../../lib/cli/config/merge.ts";
import { readLayerValues } from "../../../../lib/cli/config/check.ts";
import { environmentLayer } from "../../../../lib/cli/config/settings.ts";
import { completeArgs, parseRunArgs, parseRunLine } from "../../../../lib/cli/run/args.ts";

const HOST_BYTES = 8 * 1024 ** 3;

interface Case {
  readonly file?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a command line means where this is configured. */
function merge(text: string, { file = {}, environment = {} }: Case) {
  const layers = [environmentLayer(new Map(Object.entries(environment))), parseConfigFile(JSON.stringify(file))];
  const line = parseRunLine(wordsOf(text));
  const { values, notes } = mergeValues(line.values, readLayerValues(layers, HOST_BYTES), HOST_BYTES);
  return { args: completeArgs(line, values, HOST_BYTES), notes };
}

/** What a command line means alone. */
function alone(text: string) {
  return parseRunArgs(wordsOf(text), HOST_BYTES);
}

function wordsOf(line: string): string[] {
  return line.split(" ").filter((word) => word);
}

const SILENT: [what: string, line: string, configured: Case, merged: string][] = [
  ["nothing is configured", "--memory 1G make -j4", {}, "--memory 1G make -j4"],
  ["the file counts", "make", { file: { memory: "1G", jail: "require" } }, "--memory=1G --jail=require make"],
  ["the environment counts", "-- make", { environment: { BERTH_PIDS: "99" } }, "--pids=99 -- make"],
  [
    "the environment counts more than the file",
    "make",
    { file: { pids: 98, image: "a" }, environment: { BERTH_PIDS: "99" } },
    "--pids=99 --image=a make",
  ],
  [
    "a flag counts most",
    "--pids 97 make",
    { file: { pids: 98 }, environment: { BERTH_PIDS: "99" } },
    "--pids 97 make",
  ],
  ["what the job's command has is no flag", "make --pids=97", { file: { pids: 98 } }, "--pids=98 make --pids=97"],
  [
    "a flag replaces a whole list",
    "--io-max sda:rbps=1M make",
    { file: { ioMax: ["sda:rbps=2M", "sdb:rbps=2M"] } },
    "--io-max sda:rbps=1M make",
  ],
  [
    "a list is given whole",
    "make",
    { file: { ioMax: ["8:0:rbps=2", "8:1:rbps=2"] } },
    "--io-max=8:0:rbps=2 --io-max=8:1:rbps=2 make",
  ],
  ["the state folder is no flag", "make", { file: { state: "/srv" } }, "make"],
  ["a tenant's limits need a tenant", "make", { file: { tenantPids: 500, cpus: 2 } }, "--cpus=2 make"],
  ["and have one", "--tenant a make", { file: { tenantPids: 500 } }, "--tenant-pids=500 --tenant a make"],
  [
    "--limits off leaves out what only a group can give",
    "--limits off make",
    { file: { swap: 0, pids: 99, cpus: 2, cgroupParent: "/a", cgroupDriver: "cgroupfs", tenantPids: 99 } },
    "--cpus=2 --limits off make",
  ],
  [
    "so does the environment's, of the file",
    "make",
    { file: { swap: 0, pids: 99 }, environment: { BERTH_LIMITS: "off" } },
    "--limits=off make",
  ],
  [
    "memory and a part of it",
    "make",
    { file: { memoryHigh: "2G", memory: "1G" } },
    "--memory=1G --memory-high=2G make",
  ],
  [
    "whichever of them stands where",
    "make",
    { file: { memory: "1G" }, environment: { BERTH_MEMORY_HIGH: "2G" } },
    "--memory=1G --memory-high=2G make",
  ],
];
for (const [what, line, configured, merged] of SILENT) {
  Deno.test(`mergeValues(): ${what}`, () => {
    assertEquals(merge(line, configured), { args: alone(merged), notes: [] });
  });
}

const CONTRADICTIONS: [line: string, configured: Case, merged: string, note: string][] = [
  [
    "--memory 4G make",
    { file: { memory: "1G", memoryHigh: "2G" } },
    "--memory 4G make",
    "memoryHigh of /etc/berth/config.json is left out, as it contradicts what counts more: memoryHigh: 2G is less",
  ],
  [
    "--memory-high 1G make",
    { file: { memory: "2G", memoryHigh: "2G", cpus: 2 } },
    "--cpus=2 --memory-high 1G make",
    "memory of /etc/berth/config.json is left out",
  ],
  [
    "--pids 99 make",
    { environment: { BERTH_LIMITS: "off" } },
    "--pids 99 make",
    "BERTH_LIMITS is left out, as it contradicts what counts more: BERTH_LIMITS off would leave out --pids",
  ],
  ["make", { file: { limits: "off" }, environment: { BERTH_SWAP: "0" } }, "--swap=0 make", "limits of /etc/berth"],
  [
    "--cgroup-parent a.slice:b:c make",
    { file: { cgroupDriver: "cgroupfs" } },
    "--cgroup-parent a.slice:b:c make",
    "cgroupDriver of /etc/berth",
  ],
  [
    "--cgroup-driver systemd make",
    { file: { cgroupParent: "/a", cgroupDriver: "cgroupfs" } },
    "--cgroup-driver systemd make",
    "cgroupParent of /etc/berth",
  ],
];
for (const [line, configured, merged, note] of CONTRADICTIONS) {
  Deno.test(`mergeValues() says what it leaves out: ${line} with ${JSON.stringify(configured)}`, () => {
    const { args, notes } = merge(line, configured);
    assertEquals([args, notes.length], [alone(merged), 1]);
    assertStringIncludes(notes[0], note);
  });
}

Deno.test("mergeValues() lets the user's own mistakes be the user's", () => {
  const file = { memory: "1G", pids: 99 };
  const problem = (line: string) => assertThrows(() => merge(line, { file }), BerthError);
  assertStringIncludes(problem("--memory 1X make").message, '--memory: "1X" is not a size');
  assertStringIncludes(problem("--limits off --pids 50 make").message, "--limits off would leave out --pids;");
  assertStringIncludes(problem("--memroy 1G make").message, "unknown flag --memroy");
});
