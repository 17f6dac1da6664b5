// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { tryTool } from "../../../../lib/process/tool.ts";
import { planTalking } from "../../../../scripts/test_host/child.ts";

Deno.test("planTalking() keeps a failed script's last words, however much it has said, and their order", async () => {
  const script = 'head -c 2000000 /dev/zero; echo; echo first; echo "a complaint" >&2; echo "last of $1"; exit 7';
  const [command, ...args] = planTalking(["sh", "-c", script, "sh", "a b"]);
  const { code, stdout, stderr } = await tryTool<string>({ command, args });
  assertEquals([code, stdout], [7, ""]);
  assert(stderr.endsWith("\nfirst\na complaint\nlast of a b\n"), stderr.slice(-100));
});
