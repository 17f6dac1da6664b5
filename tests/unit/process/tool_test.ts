// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { DeadlineError, settlesWithin } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { runTool, tryTool } from "../../../lib/process/tool.ts";

const sh = (script: string, ...args: string[]) => ({ command: "sh" as const, args: ["-c", script, "sh", ...args] });

Deno.test("runTool() returns what a tool prints, and keeps its arguments apart", async () => {
  assertEquals(await runTool(sh('printf "%s|" "$@"; echo noise >&2', "a b", "", "c\n")), "a b||c\n|");
});

Deno.test("runTool() throws a failed tool's status and last words", async () => {
  const error = await assertRejects(() => runTool(sh("echo out; echo first >&2; echo last >&2; exit 7")), BerthError);
  assertEquals([error.code, error.message], ["process.failed", "sh ended with status 7: first\nlast"]);
});

Deno.test("runTool() takes the output for a failed tool's words when it has no others", async () => {
  await assertRejects(() => runTool(sh("echo it went wrong; exit 1")), BerthError, "status 1: it went wrong");
});

Deno.test("runTool() throws host.disk-full when that is what a tool complains about", async () => {
  const full = sh("echo 'cp: write error: No space left on device' >&2; exit 1");
  assertEquals((await assertRejects(() => runTool(full), BerthError)).code, "host.disk-full");
});

Deno.test("runTool() throws when a tool is killed", async () => {
  await assertRejects(() => runTool(sh("kill -KILL $$")), BerthError, "sh ended with status 137");
});

Deno.test("runTool() throws host.program-missing for a program that is not there", async () => {
  const missing = { command: "berth-no-such-program" as "sh", args: [] };
  assertEquals((await assertRejects(() => runTool(missing), BerthError)).code, "host.program-missing");
});

Deno.test("tryTool() returns a failure", async () => {
  const { success, code, stdout, stderr } = await tryTool(sh("echo out; echo err >&2; exit 3"));
  assertEquals([success, code, stdout, stderr], [false, 3, "out\n", "err\n"]);
});

Deno.test("tryTool() keeps the head of a large output and the tail of large complaints", async () => {
  const script = 'i=0; while [ $i -lt 3000 ]; do echo "line $i" >&2; i=$((i+1)); done; head -c 3000000 /dev/zero';
  const { stdout, stderr } = await tryTool(sh(script));
  assertEquals([stdout.length, stderr.length <= 16 * 1024], [1024 * 1024, true]);
  assertEquals(stderr.endsWith("line 2998\nline 2999\n"), true);
});

Deno.test("tryTool() tells each line of progress as it comes", async () => {
  const lines: string[] = [];
  await tryTool({ ...sh("printf 'one\\ntw' >&2; printf 'o\\nthree\\n' >&2"), onLine: (line) => lines.push(line) });
  assertEquals(lines, ["one", "two", "three"]);
});

Deno.test("tryTool() tells a last line without a newline too", async () => {
  const lines: string[] = [];
  await tryTool({ ...sh("printf 'one\\nlast' >&2"), onLine: (line) => lines.push(line) });
  assertEquals(lines, ["one", "last"]);
});

Deno.test("tryTool() feeds a tool's input, and does not mind when it is not read", async () => {
  const input = () => ReadableStream.from(Array.from({ length: 100 }, () => new Uint8Array(10_000)));
  assertEquals((await tryTool({ ...sh("wc -c"), stdin: input() })).stdout.trim(), "1000000");
  const { success, code } = await tryTool({ ...sh("exit 4"), stdin: input() });
  assertEquals([success, code], [false, 4]);
});

Deno.test("tryTool() starts nothing when it is aborted before", async () => {
  const signal = AbortSignal.abort(new RangeError("enough"));
  await assertRejects(
    () => tryTool({ command: "berth-no-such-program" as "sh", args: [], signal }),
    RangeError,
    "enough",
  );
});

Deno.test("tryTool() gives up a tool that outlives its KILL", async () => {
  const { spawn } = Deno.Command.prototype;
  const process = {
    pid: 4_194_305,
    ...{ stdout: new ReadableStream(), stderr: new ReadableStream(), status: new Promise(() => {}), kill: () => {} },
  };
  Deno.Command.prototype.spawn = () => process as unknown as Deno.ChildProcess;
  const controller = new AbortController();
  const running = tryTool({ ...sh("exit 0"), tied: true, graceMs: 0, killMs: 7, signal: controller.signal });
  Deno.Command.prototype.spawn = spawn;
  controller.abort(new RangeError("enough"));
  await assertRejects(() => running, DeadlineError, "waited 7 ms for sh to be gone after SIGKILL");
});

Deno.test("tryTool() ends a tool when it is aborted, and rejects with the reason", async () => {
  const controller = new AbortController();
  const onLine = () => controller.abort(new RangeError("enough"));
  const running = tryTool({ ...sh("echo ready >&2; read -r line; exec sleep 600"), onLine, signal: controller.signal });
  await assertRejects(() => running, RangeError, "enough");
});

Deno.test("tryTool() does not wait for what an aborted tool has left behind", async () => {
  const controller = new AbortController();
  const onLine = () => controller.abort(new RangeError("enough"));
  // The child of the child holds the pipes for as long as it lives.
  const tool = tryTool({ ...sh("sleep 6 & echo ready >&2; wait"), onLine, signal: controller.signal });
  const inTime = await settlesWithin(tool, 4000);
  await assertRejects(() => tool, RangeError, "enough");
  assertEquals(inTime, true);
});
