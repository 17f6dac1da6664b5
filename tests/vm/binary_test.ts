/**
 * The compiled binary, beside what every other test here shows of it when BERTH_BINARY names one.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { berth, binary, SCRATCH, shell } from "../support/berth.ts";
import { testNeeding } from "../support/require.ts";

const BINARY = binary();
const problem = BINARY === undefined ? "BERTH_BINARY names no binary (deno task compile makes one)" : undefined;

testNeeding(problem, "the binary says which commit it is of, and SHA256SUMS beside it is right", async () => {
  const { code, stdout } = await berth(["--version"], { cwd: "/" });
  assertEquals(code, 0);
  assertMatch(stdout, /^berth \d+\.\d+\.\d+\+g[0-9a-f]{12}(\.dirty)?\n$/);
  await shell('cd "${1%/*}" && sha256sum --check --quiet SHA256SUMS', BINARY!);
});

// Deno looks up the programs that it may run at its start, and by PATH only.
testNeeding(problem, "the binary needs no Deno, no home, and nothing of the environment but PATH", async () => {
  const script = 'cd / && exec env -i PATH=/usr/bin:/bin BERTH_STATE="$2/state" "$1" run --quiet -- echo alone';
  assertEquals(await shell(script, BINARY!, SCRATCH), "alone\n");
});
