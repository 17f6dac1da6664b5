// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { readLayerValues } from "../../../../lib/cli/config/check.ts";
import type { Configurable } from "../../../../lib/cli/config/configured.ts";
import { parseConfigFile } from "../../../../lib/cli/config/file.ts";
import { environmentLayer } from "../../../../lib/cli/config/settings.ts";
import { withSettings } from "../../../../lib/cli/config/words.ts";
import { DOCTOR_FLAGS } from "../../../../lib/cli/doctor/args.ts";
import { GC_FLAGS } from "../../../../lib/cli/gc/args.ts";
import { UPDATE_FLAGS } from "../../../../lib/cli/update/args.ts";
import { BUILD_FLAGS } from "../../../../lib/cli/image/build.ts";

const GC: Configurable = { name: "gc", flags: GC_FLAGS };
const DOCTOR: Configurable = { name: "doctor", flags: DOCTOR_FLAGS };
const UPDATE: Configurable = { name: "update", flags: UPDATE_FLAGS };
const IMAGE_BUILD: Configurable = { name: "image build", flags: BUILD_FLAGS };

const FILE = { minFree: "1G", pids: 99, cgroupParent: "/a", uidRange: "5-9", memory: "1G" };
const VALUES = readLayerValues(
  [environmentLayer(new Map([["BERTH_UID_RANGE", "7-9"]])), parseConfigFile(JSON.stringify(FILE))],
  8 * 1024 ** 3,
);

const CASES: [what: string, command: Configurable, line: string, merged: string][] = [
  ["gc has the parent", GC, "--json", "--cgroup-parent=/a --json"],
  ["a flag of the user's counts more", GC, "--cgroup-parent self", "--cgroup-parent self"],
  [
    "doctor has it, too, and the users; the environment counts more than the file",
    DOCTOR,
    "",
    "--cgroup-parent=/a --uid-range=7-9",
  ],
  ["what is configured is for jobs that begin", UPDATE, "--pids 50 -- 0123456789ab", "--pids 50 -- 0123456789ab"],
  ["names stand behind", IMAGE_BUILD, "--debian sid -- ci", "--min-free=1G --debian sid -- ci"],
  ["and flags in front of them count", IMAGE_BUILD, "--min-free 2G -- ci", "--min-free 2G -- ci"],
];
for (const [what, command, line, merged] of CASES) {
  Deno.test(`withSettings(): ${what}`, () => {
    assertEquals(withSettings(line.split(" ").filter((word) => word), command, VALUES).join(" "), merged);
  });
}

Deno.test("withSettings() lets the user's own mistakes be the user's", () => {
  const { message } = assertThrows(() => withSettings(["--jsn"], GC, VALUES), BerthError);
  assertStringIncludes(message, "unknown flag --jsn");
});
