/**
 * Runs the test suites one after the other, all of them whatever one of them says, and ends with the plain line
 * `N passed, N failed`.
 *
 * @module
 */

/**
 * Each suite is a task; they take some 1, 2, 9, 22 and 40 minutes on two cores without KVM. They run one after the
 * other: emulated guests do not boot in time where another suite takes the cores.
 */
const SUITES = ["ok", "test:soak", "test:faults", "test:vm", "test:host"];
/** Disks that break are mounted; building the test host mounts and chroots. */
const NEED_ROOT = ["test:faults", "test:soak", "test:host"];
/** Half of the faults: the commit says which, so a run can be repeated, and others take the other half. */
const HALF = `${(parseInt((await commit()).slice(-1), 16) || 0) % 2 + 1}/2`;
const MORE: Readonly<Record<string, readonly string[]>> = {
  // Its own bound of 15 minutes is for single files.
  "test:host": ["--", "--timeout", "2700"],
  // Each job by itself is looked at; what adds up shows by then, or in a soak that somebody waits for.
  "test:soak": ["25"],
  "test:faults": ["--", HALF],
};

let passed = 0;
let failed = 0;
for (const suite of SUITES) {
  console.log(`== deno task ${[suite, ...MORE[suite] ?? []].join(" ")}`);
  if (NEED_ROOT.includes(suite) && Deno.uid() !== 0) {
    console.log(`left out: deno task ${suite} needs root`);
    // As with single tests: see tests/support/require.ts.
    if (Deno.env.get("BERTH_TEST_REQUIRE") === "1") failed++;
    continue;
  }
  const { code, text } = await run(suite);
  const counts = summary(text);
  passed += counts.passed;
  failed += counts.failed;
  // A suite that broke before or after its tests has failed, whatever it counted.
  if (code !== 0 && counts.failed === 0) failed++;
  if (counts.passed === 0) failed++;
}
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);

/** The hash of the commit that is tested; empty where nobody knows it. */
async function commit(): Promise<string> {
  const args = ["-c", "git -c safe.directory='*' rev-parse HEAD 2>/dev/null || true"];
  return new TextDecoder().decode((await new Deno.Command("sh", { args }).output()).stdout).trim();
}

/** Runs a task, passing its output on as it comes. */
async function run(suite: string): Promise<{ code: number; text: string }> {
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec "$@" 2>&1', "sh", Deno.execPath(), "task", suite, ...MORE[suite] ?? []],
    env: { NO_COLOR: "1" },
    stdout: "piped",
  }).spawn();
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    // The summary is at the end.
    text = (text + decoder.decode(chunk, { stream: true })).slice(-65536);
  }
  return { code: (await child.status).code, text };
}

/** The last summary in a suite's output: Deno's own (`ok | 3 passed | 1 failed`), or the plain line. */
function summary(text: string): { passed: number; failed: number } {
  const matches = [...text.matchAll(/(\d+) passed(?: \(\d+ steps?\))?(?:,| \|) (\d+) failed/g)];
  const last = matches.at(-1);
  return { passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 0) };
}
