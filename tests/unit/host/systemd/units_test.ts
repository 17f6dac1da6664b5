import { assert, assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { SWEEP_MS } from "../../../../lib/cli/serve/daemon.ts";
import { isAsWritten, planUnits, type UnitPlan, withMark } from "../../../../lib/host/systemd/units.ts";

const PLAN: UnitPlan = { binary: "/opt/berth/bin/berth", systemd: 252, stateDir: "/var/lib/berth" };

function textsOf(change: Partial<UnitPlan> = {}): Record<string, string> {
  return Object.fromEntries(planUnits({ ...PLAN, ...change }).map(({ name, text }) => [name, text]));
}

Deno.test("planUnits() runs the binary that it is told", () => {
  const texts = textsOf();
  assertEquals(Object.keys(texts), ["berth.service", "berth-run@.service"]);
  assert(texts["berth.service"].includes("\nExecStart=/opt/berth/bin/berth serve\n"));
  assert(
    texts["berth-run@.service"].includes(
      "\nExecStart=/opt/berth/bin/berth run --env-file=-/etc/berth/run/%i.env $ARGS\n",
    ),
  );
});

Deno.test("planUnits() has each setting once, but for lists", () => {
  const lists = ["Environment", "DeviceAllow", "CapabilityBoundingSet", "BindPaths"];
  for (const text of Object.values(textsOf({ stateDir: "/srv/berth" }))) {
    const names = text.split("\n").flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
    const twice = names.filter((name, index) => names.indexOf(name) !== index && !lists.includes(name));
    assertEquals(twice, []);
  }
});

for (const [systemd, wanted] of [[252, false], [253, false], [254, true], [257, true]] as const) {
  Deno.test(`planUnits() for systemd ${systemd} ${wanted ? "names" : "leaves out"} the group of berth itself`, () => {
    for (const text of Object.values(textsOf({ systemd }))) {
      assertEquals(text.includes("\nDelegateSubgroup=supervisor\n"), wanted);
    }
  });
}

Deno.test("planUnits() keeps jobs to their limits and jail, and what they print to a log of its own", () => {
  const texts = textsOf();
  assert(texts["berth-run@.service"].includes("\nEnvironment=BERTH_LIMITS=require BERTH_JAIL=require\n"));
  for (const text of Object.values(texts)) {
    assert(text.includes("\nLogNamespace=berth\n"));
    assert(text.includes("\nStateDirectoryMode=0700\n"));
  }
  for (const text of Object.values(textsOf({ systemd: 244 }))) assert(!text.includes("LogNamespace="));
});

Deno.test("planUnits() gives the services another state folder, and tells berth", () => {
  for (const text of Object.values(textsOf({ stateDir: "/srv/berth" }))) {
    assert(text.includes("\nEnvironment=BERTH_STATE=/srv/berth\nBindPaths=/srv/berth\n"));
    assert(text.includes("\nRequiresMountsFor=/srv/berth\n"));
    assert(!text.includes("StateDirectory="));
  }
});

for (
  const path of [
    "relative",
    "/with space",
    "/a%b",
    "/a:b",
    "/a\nExecStart=/bin/false",
    "/a$b",
    '/a"b',
    "/a\\b",
    "/a/../b",
    "/a/./b",
    "//a",
    "/a/",
    "/",
  ]
) {
  Deno.test(`planUnits() refuses ${JSON.stringify(path)}`, () => {
    const error = assertThrows(() => textsOf({ stateDir: path }), BerthError);
    assertEquals(error.code, "systemd.path");
    assertThrows(() => textsOf({ binary: path }), BerthError);
  });
}

Deno.test("isAsWritten() tells what somebody has changed", () => {
  const [{ text }] = planUnits(PLAN);
  const written = withMark(text);
  assert(isAsWritten(written));
  assert(!isAsWritten(text));
  assert(!isAsWritten(written.replace("WatchdogSec=2min", "WatchdogSec=9min")));
  assert(!isAsWritten(`${written}# one more line\n`));
  assert(!isAsWritten(""));
});

for (const path of ["/root/berth", "/home/ci/berth", "/tmp/berth", "/var/tmp/x/berth", "/run/user/0/berth"]) {
  Deno.test(`planUnits() refuses ${path}, which units do not see`, () => {
    assertEquals(assertThrows(() => textsOf({ binary: path }), BerthError).code, "systemd.unseen");
    assertEquals(assertThrows(() => textsOf({ stateDir: path }), BerthError).code, "systemd.unseen");
  });
}

Deno.test("planUnits() takes what only begins like them", () => {
  textsOf({ binary: "/homes/berth", stateDir: "/srv/.berth..x" });
});

Deno.test("systemd waits for the first sweep as long as berth does", () => {
  const [, minutes] = /\nTimeoutStartSec=(\d+)min\n/.exec(textsOf()["berth.service"])!;
  assert(Number(minutes) * 60_000 > SWEEP_MS);
});
