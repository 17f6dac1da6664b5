// @ts-types="../../support/assert.d.ts"
import { assertMatch } from "@std/assert";
import { planTied } from "../../../lib/process/tied.ts";
import { runTool } from "../../../lib/process/tool.ts";

Deno.test("planTied() runs the tool with its arguments, bound to its parent's life", async () => {
  const script = 'printf "%s|" "$@"; exec setpriv --dump';
  const out = await runTool(planTied("sh", ["-c", script, "sh", "a b", "", "-x"]));
  assertMatch(out, /^a b\|\|-x\|.*^Parent death signal: kill$/ims);
});
