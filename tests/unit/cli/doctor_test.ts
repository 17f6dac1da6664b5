// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { doctorWindows } from "../../../lib/cli/doctor/doctor.ts";
import { DEFAULT_UID_RANGE } from "../../../lib/job/request/request.ts";
import { parseDoctorArgs } from "../../../lib/cli/doctor/args.ts";
import { renderJson, renderList } from "../../../lib/cli/doctor/render.ts";
import { COMMANDS_NOT_YET } from "../../../lib/cli/commands.ts";
import { mainHelp } from "../../../lib/cli/line/help.ts";
import { AREAS, type Finding, FINDINGS } from "../../../lib/doctor/finding.ts";
import { judge } from "../../../lib/doctor/judge.ts";
import findings from "../../../lib/docs/findings.md" with { type: "text" };
import { helpOf, TREE } from "../../support/command_line/commands.ts";
import { hostWith } from "../../support/host/doctor_hosts.ts";

Deno.test("parseDoctorArgs() looks everywhere, or in the areas that are named, in their own order", () => {
  assertEquals(parseDoctorArgs([]), {
    areas: AREAS,
    parent: { kind: "self" },
    uidRange: DEFAULT_UID_RANGE,
    json: false,
  });
  const parent = ["--cgroup-parent", "/sys/fs/cgroup/ci/"];
  const named = parseDoctorArgs(["--only", "state", "--only=kvm", "--json", "--uid-range=5-9", ...parent]);
  assertEquals(named, {
    areas: ["kvm", "state"],
    parent: { kind: "path", path: "/sys/fs/cgroup/ci" },
    uidRange: { first: 5, last: 9 },
    json: true,
  });
});

const REFUSED: [argv: string[], code: ErrorCode, words: string][] = [
  [["now"], "usage.subcommand", "leave out"],
  [["--fix"], "usage.flag", "--fix"],
  [["--only", "stat"], "usage.value", 'did you mean "state"?'],
  [["--only"], "usage.value", "host|kvm|"],
  [["--json=yes"], "usage.value", "takes no value"],
  [["--cgroup-parent", "ci"], "cgroup.form", "relative path"],
];
for (const [argv, code, words] of REFUSED) {
  Deno.test(`parseDoctorArgs() refuses ${argv.join(" ")}`, () => {
    assertEquals(assertThrows(() => parseDoctorArgs(argv), BerthError, words).code, code);
  });
}

Deno.test("doctorWindows() show groups only to those who look at groups", () => {
  const windowsOf = (...argv: string[]) => modesFor(false, argv);
  const modesFor = (isRoot: boolean, argv: readonly string[]) =>
    doctorWindows(parseDoctorArgs(argv), { stateDir: "/s", isRoot }).map((one) => [one.mode, one.source]);
  assertEquals(windowsOf("--only", "kvm"), []);
  assertEquals(windowsOf(), [["cgroup", "self"], ["spare_slice", "berth.slice"], ["gone", "/s/jobs"]]);
  const parent = "--cgroup-parent=/sys/fs/cgroup/ci";
  assertEquals(windowsOf(parent, "--only=leftovers"), [["cgroup", "/sys/fs/cgroup/ci"], ["gone", "/s/jobs"]]);
  assertEquals(modesFor(true, ["--only=namespaces"]), [["users", "/run/berth-users"]]);
});

const FOUND: Finding[] = [
  { id: "state.space", status: "fail", what: "it is full", means: "no job can run", fix: "rm -rf /old" },
  { id: "kvm.node", status: "ok", what: "it opens", means: "fast" },
  { id: "systemd.version", status: "warn", what: "\x1b[31mold", means: "never tried" },
  { id: "kvm.nested", status: "ok", what: "it is off", means: "few want it", fix: "modprobe" },
];

Deno.test("renderList() has what matters most at the end, with what it means and how to mend it", () => {
  assertEquals(renderList(FOUND), [
    "ok    kvm.node         it opens",
    "ok    kvm.nested       it is off",
    "      means: few want it",
    "      fix:   modprobe",
    "warn  systemd.version  \\x1b[31mold",
    "      means: never tried",
    "fail  state.space      it is full",
    "      means: no job can run",
    "      fix:   rm -rf /old",
    "",
    "2 ok, 1 to look at, 1 that keep jobs from running",
  ]);
  assertStringIncludes(renderList(judge(hostWith())).at(-1)!, "this host is well");
});

Deno.test("renderJson() has every finding with every field, as they were found", () => {
  const { findings: [first, second], ...head } = JSON.parse(renderJson(FOUND, "0.1.0"));
  assertEquals<unknown>(head, { version: 1, berth: "0.1.0", status: "fail" });
  const space = { id: "state.space", area: "state", status: "fail", what: "it is full", means: "no job can run" };
  assertEquals(first, { ...space, fix: "rm -rf /old" });
  assertEquals(second, { id: "kvm.node", area: "kvm", status: "ok", what: "it opens", means: "fast", fix: null });
});

Deno.test("the topic has every finding, and no other", () => {
  const listed = [...findings.matchAll(/^\| `([\w-]+)` +\| (.*?) +\|$/gm)].flatMap(([, area, findings]) =>
    [...findings.matchAll(/`([\w-]+)`/g)].map(([, name]) => `${area}.${name}`)
  );
  assertEquals(listed, AREAS.flatMap((area) => FINDINGS[area].map((name) => `${area}.${name}`)));
});

Deno.test("berth doctor --help keeps to a terminal of 120 columns, and berth --help has the command", async () => {
  for (const line of (await helpOf("doctor")).split("\n")) assert(line.length <= 120, line);
  assert(mainHelp(TREE.commands).includes("berth doctor"));
  assert(!COMMANDS_NOT_YET.includes("doctor"));
});
