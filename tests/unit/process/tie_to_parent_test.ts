// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { runTool } from "../../../lib/process/tool.ts";

Deno.test("a tied tool runs with its arguments, bound to its parent's life", async () => {
  const script = 'printf "%s|" "$@"; exec setpriv --dump';
  const out = await runTool({ command: "sh", args: ["-c", script, "sh", "a b", "", "-x"], tied: true });
  assertMatch(out, /^a b\|\|-x\|.*^Parent death signal: kill$/ims);
});

Deno.test("a tied tool that fails is called by its own name, and one that is not there as well", async () => {
  const failed = () => runTool({ command: "ls", args: ["/no-such"], tied: true });
  await assertRejects(failed, BerthError, "ls ended with status 2: ls: cannot access '/no-such'");
  const missing = () => runTool({ command: "berth-no-such-program", args: [], tied: true });
  const error = await assertRejects(missing, BerthError, "the program berth-no-such-program is not on this host");
  assertEquals(error.code, "host.program-missing");
});
