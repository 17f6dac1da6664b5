// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { runWindows } from "../../../lib/cli/run.ts";
import { parseRunArgs } from "../../../lib/cli/run_args.ts";

function windows(...argv: string[]) {
  return runWindows(parseRunArgs([...argv, "x"], 2 ** 40));
}

Deno.test("runWindows() opens nothing for a job that names no path", () => {
  assertEquals(windows("--image=bookworm", "--env=A=/etc"), []);
});

Deno.test("runWindows() shows what the user names, and only artifacts and the report can be written", () => {
  const flags = ["--image=./img", "--workspace=.", "--artifact=/a=one", "--artifact=/b=/two", "--report=r.json"];
  assertEquals(windows(...flags), [
    { mode: "ro", target: "/run/berth/self/image", source: "./img" },
    { mode: "folder", target: "/run/berth/self/workspace", source: "." },
    { mode: "make", target: "/run/berth/self/artifacts/0", source: "one" },
    { mode: "make", target: "/run/berth/self/artifacts/1", source: "/two" },
    { mode: "file", target: "/run/berth/self/report", source: "r.json" },
  ]);
});
