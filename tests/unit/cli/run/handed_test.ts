// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { checkHanded, type Handed } from "../../../../lib/cli/run/handed.ts";
import { completeRequest } from "../../../../lib/job/request/request.ts";

const request = completeRequest({ command: ["make"], memoryBytes: 1024 ** 3, env: { A: "b" } });

/** As the host process reads it. */
function check(handed: unknown): Handed {
  return checkHanded(JSON.parse(JSON.stringify(handed)), 8 * 1024 ** 3);
}

const TELLINGS: Handed["telling"][] = [
  { quiet: false },
  { quiet: true, report: "r.json", events: "e.json" },
  { quiet: false, events: 3 },
];
for (const telling of TELLINGS) {
  Deno.test(`checkHanded() takes what the front process hands on, told as ${JSON.stringify(telling)}`, () => {
    for (const dryRun of [true, false]) {
      assertEquals(check({ request, telling, dryRun }), { request, telling, dryRun });
    }
  });
}

const WRONG: [handed: unknown, where: string][] = [
  [null, "it"],
  [[], "it"],
  [{ request, telling: { quiet: false } }, "dryRun"],
  [{ request, telling: { quiet: false }, dryRun: "yes" }, "dryRun"],
  [{ request, telling: { quiet: false }, dryRun: false, more: 1 }, "it"],
  [{ request, dryRun: false }, "telling"],
  [{ request, telling: "quiet", dryRun: false }, "telling"],
  [{ request, telling: {}, dryRun: false }, "telling.quiet"],
  [{ request, telling: { quiet: 1 }, dryRun: false }, "telling.quiet"],
  [{ request, telling: { quiet: true, report: 5 }, dryRun: false }, "telling.report"],
  [{ request, telling: { quiet: true, events: 1 }, dryRun: false }, "telling.events"],
  [{ request, telling: { quiet: true, events: 3.5 }, dryRun: false }, "telling.events"],
  [{ request, telling: { quiet: true, events: {} }, dryRun: false }, "telling.events"],
];
for (const [handed, where] of WRONG) {
  const shown = JSON.stringify(handed).replace(JSON.stringify(request), "{…}");
  Deno.test(`checkHanded() refuses ${shown}`, () => {
    const error = assertThrows(() => check(handed), BerthError, `: ${where} is not in its form`);
    assertEquals(error.code, "host.request");
  });
}

Deno.test("checkHanded() checks the job as whoever else's", () => {
  const handed = { request: { ...request, cpus: 0 }, telling: { quiet: false }, dryRun: false };
  assertEquals(assertThrows(() => check(handed), BerthError, "the job's request").code, "usage.request");
});
