/**
 * VMMs and agents that break every rule: the verdict is never a success, and berth never hangs.
 *
 * In the place of QEMU stands a program that says what a case wants it to say.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { COLD } from "../support/berth.ts";
import { type Case, plainPlace, prepareState, testFaults, tryFault } from "./harness.ts";

const FAKE = new URL("./fake_qemu.pl", import.meta.url).pathname;
const HELLO = ["@hello", "@asked"];

/** What the VMM does, line by line: see fake_qemu.pl. */
type Play = readonly string[];
type Expected = readonly [verdict: Case["verdict"], status: number];

const LOST: Expected = ["guest-lost", 123];
const NO_BOOT: Expected = ["boot-failed", 125];

const OWN_SEVEN: Expected = ["failed", 7];
const SEVEN = ["started", "exited code 7 0", "@quit"];
const shutdown = (reason: string) => `{"event": "SHUTDOWN", "data": {"reason": "${reason}"}}`;

const PLAYS: readonly (readonly [what: string, play: Play, expected: Expected])[] = [
  ["ends at once with status 1", ["@exit 1"], NO_BOOT],
  ["ends at once with status 0", ["@exit 0"], NO_BOOT],
  ["is killed at once", ["@kill KILL"], NO_BOOT],
  ["breaks down at once", ["@kill SEGV"], NO_BOOT],
  ["never dials in", ["@close", "@sleep"], NO_BOOT],
  ["connects, and says nothing", ["@sleep"], NO_BOOT],
  ["says garbage before its hello", ["\u0001\u0002garbage", "@hello"], NO_BOOT],
  ["says hello with another's token", ["hello 0123456789abcdefghjkmnpqrs agent"], NO_BOOT],
  ["says hello in another role", ["hello 0123456789abcdefghjkmnpqrs root"], NO_BOOT],
  ["says half a hello", ["@half hello 0123"], NO_BOOT],
  ["says hello without an end", ["@flood"], NO_BOOT],
  ["says bytes that are no text", ["@bytes fffe00010a"], NO_BOOT],
  ["says hello and hangs up", ["@hello", "@close", "@sleep"], ["guest-lost", 125]],
  ["says hello and exits with 0", ["@hello", "@exit 0"], ["vmm-crashed", 125]],
  ["says hello and exits with 1", ["@hello", "@exit 1"], ["vmm-crashed", 125]],
  ["is killed after hello", ["@hello", "@kill KILL"], ["vmm-crashed", 125]],
  ["does not start the job", [...HELLO, "@sleep"], NO_BOOT],
  ["tells a success before the start", [...HELLO, "exited code 0 0"], LOST],
  ["starts the job twice", [...HELLO, "started", "started"], LOST],
  ["hands over what nobody asked for", [...HELLO, "started", "collected"], LOST],
  ["flushes what nobody asked for", [...HELLO, "started", "flushed"], LOST],
  ["misses what nobody asked for", [...HELLO, "started", "missing 0"], LOST],
  ["says hello again", [...HELLO, "started", "@hello"], LOST],
  ["says garbage", [...HELLO, "started", "garbage"], LOST],
  ["says bytes that are no text", [...HELLO, "started", "@bytes fffefdfc0a"], LOST],
  ["says NUL in a line", [...HELLO, "started", "@bytes 65786974656420636f646520302030000a"], LOST],
  ["says an empty line", [...HELLO, "started", ""], LOST],
  ["says a line without an end", [...HELLO, "started", "@flood"], LOST],
  ["says half a line and hangs up", [...HELLO, "started", "@half exited code 0 0", "@close"], LOST],
  ["says half a line and exits", [...HELLO, "started", "@half exited code 0 0", "@exit 0"], ["vmm-crashed", 123]],
  ["tells a status of 256", [...HELLO, "started", "exited code 256 0"], LOST],
  ["tells a status of -1", [...HELLO, "started", "exited code -1 0"], LOST],
  ["tells a status of 0x0", [...HELLO, "started", "exited code 0x0 0"], LOST],
  ["tells a signal of 99", [...HELLO, "started", "exited signal 99 0"], LOST],
  ["tells an end without a count", [...HELLO, "started", "exited code 0"], LOST],
  ["tells an end with a huge count", [...HELLO, "started", "exited code 0 99999999999"], LOST],
  ["tells a status with two spaces", [...HELLO, "started", "exited  code 0 0"], LOST],
  ["tells an end in capitals", [...HELLO, "started", "EXITED code 0 0"], LOST],
  ["tells an end with a carriage return", [...HELLO, "started", "exited code 0 0\r"], LOST],
  ["refuses with a status of 1", [...HELLO, "refused 1"], LOST],
  ["tells an error that is no base64", [...HELLO, "error !!!"], LOST],
  ["tells an error", [...HELLO, "error YnJva2Vu"], ["infra", 125]],
  ["tells an error with control characters", [...HELLO, "error G10wO3gH"], ["infra", 125]],
  ["hangs up under the job", [...HELLO, "started", "@close"], LOST],
  ["exits with 0 under the job", [...HELLO, "started", "@exit 0"], ["vmm-crashed", 123]],
  ["exits with 7 under the job", [...HELLO, "started", "@exit 7"], ["vmm-crashed", 123]],
  ["breaks down under the job", [...HELLO, "started", "@kill ABRT"], ["vmm-crashed", 123]],
  ["is killed under the job", [...HELLO, "started", "@kill KILL"], ["vmm-crashed", 123]],
  ["says nothing more", [...HELLO, "started", "@sleep"], ["timed-out", 124]],
  ["is told to start a job that is not there", [...HELLO, "refused 127", "@quit"], ["failed", 127]],
  ["tells a status slowly", [...HELLO, "@slow started", "@slow exited code 7 0", "@quit"], OWN_SEVEN],
  ["tells a status and hangs up", [...HELLO, ...SEVEN.slice(0, 2), "@close"], OWN_SEVEN],
  ["tells two ends", [...HELLO, "started", "exited code 7 0", "exited code 0 0"], ["failed", 7]],
  ["hangs up its QMP before its hello", ["@qmp", "@qmp-close", ...HELLO, ...SEVEN], OWN_SEVEN],
  ["hangs up its QMP before the job", ["@hello", "@qmp", "@qmp-close", "@asked", ...SEVEN], OWN_SEVEN],
  ["hangs up its QMP under the job", ["@qmp", ...HELLO, "started", "@qmp-close", ...SEVEN.slice(1)], OWN_SEVEN],
  ["hangs up its QMP at the end", ["@qmp", ...HELLO, ...SEVEN.slice(0, 2), "@qmp-close"], OWN_SEVEN],
  ["says garbage by QMP", ["@qmp-dial", "@qmp 1 garbage", ...HELLO, ...SEVEN], OWN_SEVEN],
  ["says garbage by QMP under the job", ["@qmp", ...HELLO, "@qmp 1 {", ...SEVEN], OWN_SEVEN],
  ["says null by QMP", ["@qmp", ...HELLO, "@qmp 1 null", ...SEVEN], OWN_SEVEN],
  ["says a QMP line without an end", ["@qmp", ...HELLO, "@qmp-flood", ...SEVEN], OWN_SEVEN],
  ["answers by QMP what nobody asked", ["@qmp", ...HELLO, '@qmp 9 {"return": {}}', ...SEVEN], OWN_SEVEN],
  ["refuses by QMP what nobody asked", ["@qmp", ...HELLO, '@qmp 9 {"error": {}}', ...SEVEN], OWN_SEVEN],
  ["floods events", ["@qmp", ...HELLO, '@qmp 20000 {"event": "RESET", "data": {}}', ...SEVEN], OWN_SEVEN],
  ["stops all the time", ["@qmp", ...HELLO, '@qmp 20000 {"event": "STOP"}', ...SEVEN], OWN_SEVEN],
  [
    "stops all the time, and never ends",
    ["@qmp", ...HELLO, '@qmp 20000 {"event": "STOP"}', "started", "exited code 0 0", "@sleep"],
    ["succeeded", 0],
  ],
  ["tells control characters by QMP", ["@qmp", ...HELLO, `@qmp 1 ${shutdown("\\u001b[2J")}`, ...SEVEN], OWN_SEVEN],
  [
    "tells a reset, and exits with 0",
    ["@qmp", ...HELLO, "started", `@qmp 1 ${shutdown("guest-reset")}`, "@exit 0"],
    LOST,
  ],
  [
    "tells that the host has quit it, and exits with 0",
    ["@qmp", ...HELLO, "started", `@qmp 1 ${shutdown("host-qmp-quit")}`, "@exit 0"],
    ["vmm-crashed", 123],
  ],
  ["does not quit", [...HELLO, "started", "exited code 0 0", "@sleep"], ["succeeded", 0]],
];

testFaults(
  PLAYS.map(([what, play, [verdict, status]]): Case => ({
    label: `a VMM that ${what}: ${play.join(", ").slice(0, 60)}`,
    // One that does not quit is not waited for: nobody is there to hear of it.
    // Nor has it a state to be saved.
    flags: ["--boot-timeout", "2s", "--timeout", "4s", ...COLD],
    script: "true",
    before: `{ cat ${FAKE}; printf '%s\\n' ${play.map((step) => `'${step}'`).join(" ")}; } >"$STATE/qemu"
      chmod +x "$STATE/qemu"; mount --bind "$STATE/qemu" /usr/bin/qemu-system-x86_64`,
    verdict,
    status,
    check: ({ stderr }) => assertEquals(stderr.includes("\u001b"), false, "no control character comes through"),
  })),
  async () => plainPlace(await prepareState("vmms")),
  tryFault,
);
