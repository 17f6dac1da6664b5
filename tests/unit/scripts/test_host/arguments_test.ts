import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { parseArguments, planTestArguments } from "../../../../scripts/test_host/arguments.ts";

Deno.test("parseArguments() has a default for everything", () => {
  assertEquals(parseArguments([]), {
    testArguments: ["tests/host"],
    resultsFolder: ".test-host/results",
    timeoutMs: 900_000,
    permissionSet: "host-tests",
  });
});

Deno.test("parseArguments() reads options and filters in any order, with or without --", () => {
  const argv = ["--", "kvm", "--timeout", "60", "tests/host/a_test.ts", "--results", "out"];
  const options = parseArguments([...argv, "--permission-set", "root"]);
  assertEquals(options.testArguments, ["--filter=/kvm/", "tests/host/a_test.ts"]);
  assertEquals(options.timeoutMs, 60_000);
  assertEquals(options.resultsFolder, "out");
  assertEquals(options.permissionSet, "root");
});

Deno.test("planTestArguments() selects any of the words, each taken literally", () => {
  assertEquals(planTestArguments(["/dev/kvm", "a.b"]), ["--filter=/\\/dev\\/kvm|a\\.b/", "tests/host"]);
});

Deno.test("planTestArguments() has a selection read before the tests, which get it as their argument", () => {
  const selected = ["--preload=tests/select.ts", "tests/host", "--", "2/3"];
  assertEquals(planTestArguments([], "2/3"), selected);
  assertEquals(parseArguments(["--select", "2/3"]).testArguments, selected);
});

for (
  const argv of [["--nonsense"], ["-x"], ["--toString", "1"], ["--timeout"], ["--results="], ["--timeout", "0"], [
    "--permission-set",
    "a b",
  ]]
) {
  Deno.test(`parseArguments() refuses ${argv.join(" ")}`, () => {
    assertThrows(() => parseArguments(argv), BerthError, argv[0].replace("=", ""));
  });
}
