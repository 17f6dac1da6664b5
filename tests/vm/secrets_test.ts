/**
 * What a job is given to know is nobody else's business.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { berth, binary, emptyFolder, finish, leftovers, SCRATCH, shell, start, STATE } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Each is a part of what it is in: nothing may have any of them. */
const SECRETS = { ENV: "hunter-env", FILE: "hunter-file", COMMAND: "hunter-command", DRAIN: "hunter-drain" };

Deno.test("a job's environment, command and drain are on no command line but the caller's, nor in what berth writes", async () => {
  const folder = await emptyFolder("secrets");
  const [file, report] = [`${folder}/job.env`, `${folder}/report.json`];
  await Deno.writeTextFile(file, `# a comment\nBY_FILE=${SECRETS.FILE}\nBY_NAME\n`, { mode: 0o600 });
  const digest = 'printf "%s %s" "$BY_FILE $BY_NAME" "$OTHER" | sha256sum';
  const script = `: ${SECRETS.COMMAND}; ${digest}; read -r line`;
  const flags = ["--env-file", file, "--env", "OTHER", "--drain", `: ${SECRETS.DRAIN}`, "--report", report, "--stdin"];
  // A caller that ignores HUP is not ended by one, and neither is its job.
  const wrapper = ["sh", "-c", `trap "" HUP; exec env BY_NAME=${SECRETS.ENV} OTHER=${SECRETS.ENV} "$@"`, "sh"];
  const child = start(["run", ...flags, "--", "sh", "-c", script], { wrapper, stdin: new Uint8Array() });
  const [mine, theirs] = child.stdout.tee();
  const reader = mine.pipeThrough(new TextDecoderStream()).getReader();
  const { value: printed } = await reader.read();
  const told = await tellers(String(child.pid));
  child.kill("SIGHUP");
  const written = await shell(`cd "$1"; grep -rla hunter . || true`, STATE);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("\n"));
  await writer.close();
  const [stdout, stderr, { code }] = await Promise.all([
    new Response(theirs).text(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  const words = `${SECRETS.FILE} ${SECRETS.ENV} ${SECRETS.ENV}`;
  assertEquals(printed, await shell('printf %s "$1" | sha256sum', words));
  assertEquals([code, stdout], [0, printed], stderr);
  assertEquals(told, { commandLines: [], environments: [] });
  const left = await shell(`cd "$1"; grep -rla hunter . || true`, STATE);
  assertEquals([written, left, (await Deno.readTextFile(report)).includes("hunter")], ["", "", false]);
  assert(!stderr.includes("hunter"), stderr);
  assertEquals(await leftovers(), []);
});

/** Processes that show a secret, but for that of the caller. */
async function tellers(caller: string): Promise<{ commandLines: string[]; environments: string[] }> {
  const script = `cd /proc; grep -la "[h]unter-" [0-9]*/$1 2>/dev/null || true`;
  const of = async (file: string) =>
    (await shell(script, file)).split("\n").filter((path) => path && path !== `${caller}/${file}`);
  return { commandLines: await of("cmdline"), environments: await of("environ") };
}

Deno.test("an argument that is no text ends berth before a job", async () => {
  const wrapper = ["sh", "-c", 'exec "$@" "$(printf "caf\\351")"', "sh"];
  const { code, stdout, stderr } = await finish(start(["run", "--", "prog"], { wrapper }));
  // In the binary Deno's runtime refuses it by itself and in words of its own, before anything of berth's begins.
  const expected = binary() ? [101, "", '"caf\\xE9"'] as const : [125, "", '"caf\\xe9" is not UTF-8'] as const;
  assertEquals([code, stdout, stderr.includes(expected[2])], [expected[0], expected[1], true], stderr);
  assertEquals((await berth(["gc"])).code, 0);
});

Deno.test("a variable that is not set and a line that is none end berth before a job", async () => {
  const folder = await emptyFolder("secrets");
  await Deno.writeTextFile(`${folder}/env`, "GOOD=1\n=hunter2\n");
  const calls: [args: string[], words: string][] = [
    [["--env", "NO_SUCH_NAME", "--", "true"], "NO_SUCH_NAME is not set"],
    [["--env-file", `${folder}/env`, "--", "true"], `--env-file ${folder}/env, line 2: there is no name`],
  ];
  for (const [args, words] of calls) {
    const { code, stdout, stderr } = await berth(["run", ...args]);
    assertEquals([code, stdout, stderr.includes(words), stderr.includes("hunter2")], [125, "", true, false], stderr);
  }
  assertEquals((await berth(["gc"])).code, 0);
});
