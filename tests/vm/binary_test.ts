/**
 * The compiled binary, beside what every other test here shows of it when BERTH_BINARY names one.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { berth, binary, SCRATCH, shell, sourceCommandLine } from "../support/berth.ts";
import { testNeeding } from "../support/require.ts";

const BINARY = binary();
const problem = BINARY === undefined ? "BERTH_BINARY names no binary (deno task compile makes one)" : undefined;

testNeeding(problem, "the binary says which commit it is of, and SHA256SUMS beside it is right", async () => {
  const { code, stdout } = await berth(["--version"], { cwd: "/" });
  assertEquals(code, 0);
  assertMatch(stdout, /^berth \d+\.\d+\.\d+\+g[0-9a-f]{12}(\.dirty)?\n$/);
  await shell('cd "${1%/*}" && sha256sum --check --quiet SHA256SUMS', BINARY!);
});

/** The first bytes of a program, up to the end of its section headers, by od(1) and head(1). */
const RUNTIME = `number() { od -An -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }
  head -c $(($(number "$1" 40 8) + $(number "$1" 58 2) * $(number "$1" 60 2))) "$1" | sha256sum | cut -d' ' -f1`;

testNeeding(problem, "the binary names its runtime, by the digest of what it begins with", async () => {
  const { runtime } = JSON.parse((await berth(["--version", "--json"], { cwd: "/" })).stdout);
  assertEquals([runtime.name, runtime.sha256], ["denort", (await shell(RUNTIME, BINARY!)).trim()]);
  assertMatch(runtime.version, /^\d+\.\d+\.\d+$/);
});

Deno.test("from source, berth --version --json names Deno, and no digest", async () => {
  const { version, runtime } = JSON.parse(await shell('exec "$@"', ...sourceCommandLine(["--version", "--json"])));
  assertMatch(version, /^\d+\.\d+\.\d+$/);
  assertEquals([runtime.name, runtime.version, runtime.sha256], ["deno", Deno.version.deno, null]);
});

// Deno looks up the programs that it may run at its start, and by PATH only.
testNeeding(problem, "the binary needs no Deno, no home, and nothing of the environment but PATH", async () => {
  const script = 'cd / && exec env -i PATH=/usr/bin:/bin BERTH_STATE="$2/state" "$1" run --quiet -- echo alone';
  assertEquals(await shell(script, BINARY!, SCRATCH), "alone\n");
});
