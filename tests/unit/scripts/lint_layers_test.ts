// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import plugin from "../../../scripts/lint_layers.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** What the plugin says about a file of that text: rule and message. */
function lint(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, ROOT + path, source).map(({ id, message }) => `${id}: ${message}`);
}

const DOWN = "berth/imports-point-down";
const AMBIENT = "berth/ambient-state";

const FINE: [string, string][] = [
  ["main.ts", 'import { main } from "./lib/cli/main.ts";'],
  ["lib/cli/run/run.ts", 'const { x } = await import("../../job/run.ts");'],
  ["lib/cli/main.ts", 'import config from "../../deno.json" with { type: "json" };'],
  ["lib/job/run.ts", 'import { Hub } from "../guest/hub.ts"; import "./act.ts"; export * from "../base/ids.ts";'],
  ["lib/vmm/qemu/args.ts", 'import "../vmm.ts"; import "../../host/windows.ts"; import script from "./x.sh";'],
  ["lib/guest/artifacts.ts", 'export type { ArtifactTarget } from "./artifact_writer.ts";'],
  ["lib/vmm/qemu/x/x.ts", 'import "../args.ts";'],
  ["lib/cli/line/x.ts", 'import { DEFAULT_WEIGHT } from "../../cgroup/defaults.ts";'],
  ["lib/app/vmm.ts", 'import "../vmm/qemu/traits.ts"; await import("../vmm/qemu/backend.ts");'],
  ["lib/image/spec.ts", 'import { z } from "zod"; import { join } from "@std/path"; import "node:crypto";'],
  ["lib/base/lines.ts", 'import { BerthError } from "./errors.ts"; export const x = 1; export { x as y };'],
  ["lib/base/x.ts", 'import { closestString } from "@std/text/closest-string";'],
  ["lib/host/x.ts", "const name = 'a'; export { name };"],
  ["scripts/x.ts", 'import "../lib/base/ids.ts"; Deno.exit(1);'],
  ["tests/unit/x_test.ts", 'import "../../lib/cli/main.ts"; Deno.env.get("X");'],
];
for (const [path, source] of FINE) {
  Deno.test(`imports-point-down lets ${path} do: ${source}`, () => assertEquals(lint(path, source), []));
}

const HANDED_ON = "lib/cgroup is out of reach for lib/cli, so lib/job must not hand it on";
const ABOVE: [string, string, string][] = [
  ["lib/base/x.ts", 'import "../host/front.ts";', "imports only point down, and lib/host is above lib/base"],
  ["lib/host/x.ts", 'import "../cgroup/group.ts";', "imports only point down, and lib/cgroup is above lib/host"],
  [
    "lib/process/x.ts",
    'import type { A } from "../image/a.ts";',
    "imports only point down, and lib/image is above lib/process",
  ],
  ["lib/guest/x.ts", 'export { a } from "../vmm/vmm.ts";', "imports only point down, and lib/vmm is above lib/guest"],
  ["lib/vmm/qemu/x.ts", 'export * from "../../job/run.ts";', "imports only point down, and lib/job is above lib/vmm"],
  ["lib/job/x.ts", 'await import("../serve/x.ts");', "imports only point down, and lib/serve is above lib/job"],
  ["lib/serve/x.ts", "await import(`../cli/x.ts`);", "imports only point down, and lib/cli is above lib/serve"],
  ["lib/job/x.ts", 'type A = import("../cli/x.ts").A;', "imports only point down, and lib/cli is above lib/job"],
  ["lib/cli/x/x.ts", 'import "../../vmm/vmm.ts";', "lib/vmm is for lib/app to call, not for lib/cli"],
  ["lib/cli/x/x.ts", 'import "../../cgroup/limits.ts";', "lib/cgroup is for lib/app to call, not for lib/cli"],
  ["lib/job/x.ts", 'export { a } from "../cgroup/a.ts";', HANDED_ON],
  ["lib/job/x.ts", 'export type { A } from "../cgroup/a.ts";', HANDED_ON],
  ["lib/job/x.ts", 'export * from "../cgroup/a.ts";', HANDED_ON],
  ...["lib/job/x.ts", "lib/app/run.ts", "lib/app/vmm.ts.ts", "lib/vmm/x.ts"].map((path): [string, string, string] => [
    path,
    `import "${path.startsWith("lib/vmm") ? "./" : "../vmm/"}qemu/runner.ts";`,
    `lib/vmm/qemu is for lib/app/vmm.ts to choose, not for ${path}`,
  ]),
  ["lib/cli/x.ts", 'import "../../main.ts";', "imports only point down, and main.ts is above lib/cli"],
  ["lib/job/x.ts", 'import "./../../lib/job/../cli/x.ts";', "imports only point down, and lib/cli is above lib/job"],
  ["lib/base/x.ts", 'import { z } from "zod";', "lib/base imports nothing but itself and @std, not zod"],
  ["lib/base/x.ts", 'import { exists } from "@std/fs";', "lib/base imports nothing but itself and @std, not @std/fs"],
  ["lib/base/x.ts", 'import "node:fs";', "lib/base imports nothing but itself and @std, not node:fs"],
  ["lib/base/x.ts", 'import "../../deno.json";', "deno.json is in no folder that lib/base may import from"],
  [
    "lib/job/x.ts",
    'import "../../tests/support/x.ts";',
    "tests/support/x.ts is in no folder that lib/job may import from",
  ],
  ["lib/job/x.ts", 'import "../utils/x.ts";', "lib/utils/x.ts is in no folder that lib/job may import from"],
  [
    "lib/utils/x.ts",
    'import "../base/ids.ts";',
    "lib/utils/x.ts is in no folder of the list; put the module where it belongs",
  ],
  [
    "lib/basement/x.ts",
    'import "../base/ids.ts";',
    "lib/basement/x.ts is in no folder of the list; put the module where it belongs",
  ],
  ["lib/job/x.ts", 'import "/x.ts";', "/x.ts is not in the project"],
  ["lib/job/x.ts", 'import "../../../x.ts";', "../../../x.ts is not in the project"],
  ["lib/job/x.ts", "await import(name);", "an import must name its module in plain text, so that it can be checked"],
  [
    "lib/job/x.ts",
    "await import(`../${x}.ts`);",
    "an import must name its module in plain text, so that it can be checked",
  ],
];
for (const [path, source, message] of ABOVE) {
  Deno.test(`imports-point-down stops ${path} from: ${source}`, () => {
    assertEquals(lint(path, source), [`${DOWN}: ${message}`]);
  });
}

const ALLOWED: [string, string][] = [
  ["main.ts", "Deno.exit(await main(Deno.args)); Deno.cwd(); Deno.env;"],
  ["lib/cli/config/surroundings.ts", 'Deno.env.get("HOME"); Deno.args; Deno.cwd(); const { env } = Deno;'],
  [
    "lib/job/x.ts",
    "Deno.readTextFile; deno.exit(); x.Deno.exit; process.env; const { args } = options; Deno.addSignalListener;",
  ],
  ["lib/job/x.ts", "Deno[name]; Deno.toString(); const { stdout, ...rest } = Deno;"],
];
for (const [path, source] of ALLOWED) {
  Deno.test(`ambient-state lets ${path} do: ${source}`, () => assertEquals(lint(path, source), []));
}

const REFUSED: [string, string, string][] = [
  ["lib/cli/main.ts", "Deno.exit(1);", "Deno.exit is for main.ts only"],
  ["lib/job/x.ts", "Deno.exit();", "Deno.exit is for main.ts only"],
  ["lib/job/x.ts", "const leave = Deno.exit;", "Deno.exit is for main.ts only"],
  ["lib/job/x.ts", 'Deno["exit"](1);', "Deno.exit is for main.ts only"],
  ["lib/job/x.ts", "globalThis.Deno.exit(1);", "Deno.exit is for main.ts only"],
  ["lib/job/x.ts", "const { exit: leave } = Deno;", "Deno.exit is for main.ts only"],
  ["lib/host/x.ts", 'Deno.env.get("HOME");', "Deno.env is for main.ts and lib/cli only"],
  ["lib/base/x.ts", "Deno.args.length;", "Deno.args is for main.ts and lib/cli only"],
  ["lib/image/x.ts", "Deno?.cwd();", "Deno.cwd is for main.ts and lib/cli only"],
  ["lib/x.ts", "Deno.cwd();", "Deno.cwd is for main.ts and lib/cli only"],
];
for (const [path, source, message] of REFUSED) {
  Deno.test(`ambient-state stops ${path} from: ${source}`, () => {
    assertEquals(lint(path, source), [`${AMBIENT}: ${message}`]);
  });
}
