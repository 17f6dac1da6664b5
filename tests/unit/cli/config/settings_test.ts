// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import manifest from "../../../../deno.json" with { type: "json" };
import { GC_FLAGS } from "../../../../lib/cli/gc/args.ts";
import { RUN_FLAGS } from "../../../../lib/cli/line/run_flags.ts";
import { UPDATE_FLAGS } from "../../../../lib/cli/update/args.ts";
import type { Flag } from "../../../../lib/cli/line/flag.ts";
import { BUILD_FLAGS } from "../../../../lib/cli/image/build.ts";
import { IMPORT_FLAGS } from "../../../../lib/cli/image/import_args.ts";
import { CONFIG_FILE, environmentLayer, flagWords, SETTINGS, settingsOf } from "../../../../lib/cli/config/settings.ts";

/** Flags that say what one job is, or give it something of the host's: whoever adds a flag has to decide. */
const JOBS_OWN = [
  ...[
    "drain",
    "env",
    "env-file",
    "workdir",
    "user",
    "workspace",
    "artifact",
    "artifact-on",
    "volume",
    "cache",
    "stdin",
    "name",
  ],
  ...["tenant", "device", "report", "events", "quiet", "request", "dry-run"],
];

Deno.test("each flag of berth run is either configurable or a job's own matter", () => {
  const configurable = SETTINGS.flatMap(({ flag }) => flag ? [flag.name] : []);
  assertEquals([...configurable, ...JOBS_OWN].toSorted(), RUN_FLAGS.map(({ name }) => name).toSorted());
});

Deno.test("a setting's key and variable are its flag's name, written as is the custom there", () => {
  const names = SETTINGS.map(({ key, variable, flag }) => [key, variable, flag?.name]);
  assertEquals(names[0], ["state", "BERTH_STATE", undefined]);
  for (
    const wanted of [
      ["memory", "BERTH_MEMORY", "memory"],
      ["memoryHigh", "BERTH_MEMORY_HIGH", "memory-high"],
      ["tenantCpuQuota", "BERTH_TENANT_CPU_QUOTA", "tenant-cpu-quota"],
      ["cgroupParent", "BERTH_CGROUP_PARENT", "cgroup-parent"],
    ]
  ) assertEquals(names.find(([key]) => key === wanted[0]), wanted);
  for (const column of [0, 1]) assertEquals(new Set(names.map((name) => name[column])).size, SETTINGS.length);
});

Deno.test("the permissions of berth have the file, and each variable and no other of berth's", () => {
  const { env, read } = manifest.permissions.berth;
  assert(read.includes(CONFIG_FILE));
  const own = env.filter((name) => name.startsWith("BERTH_"));
  assertEquals(own.toSorted(), SETTINGS.map(({ variable }) => variable).toSorted());
});

Deno.test("settingsOf() are those of the flags that a command has with the same meaning", () => {
  const keys = (flags: readonly Flag[]) => settingsOf(flags).map(({ key }) => key);
  assertEquals(keys(RUN_FLAGS), SETTINGS.slice(1).map(({ key }) => key));
  assertEquals(keys(GC_FLAGS), ["cgroupParent"]);
  assertEquals([keys(BUILD_FLAGS), keys(IMPORT_FLAGS)], [["minFree"], ["minFree", "uidRange"]]);
  assertEquals(keys(UPDATE_FLAGS), []);
});

Deno.test("environmentLayer() takes what is set and not empty, and words of a flag that repeats", () => {
  const { place, values } = environmentLayer(
    new Map([["BERTH_MEMORY", "1G"], ["BERTH_SWAP", ""], ["BERTH_IO_MAX", " sda:rbps=1M\tsdb:wiops=5 "], [
      "HOME",
      "/x",
    ]]),
  );
  assertEquals(place, "environment");
  assertEquals([...values].map(([{ key }, value]) => [key, value]), [
    ["memory", ["1G"]],
    ["ioMax", ["sda:rbps=1M", "sdb:wiops=5"]],
  ]);
});

Deno.test("flagWords() keeps a value and its flag together, whatever it begins with", () => {
  const find = (wanted: string) => SETTINGS.find(({ key }) => key === wanted)!;
  assertEquals(flagWords(find("image"), ["-x"]), ["--image=-x"]);
  assertEquals(flagWords(find("ioMax"), ["a", "b"]), ["--io-max=a", "--io-max=b"]);
  assertEquals(flagWords(find("state"), ["/srv"]), []);
});
