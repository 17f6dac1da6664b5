// @ts-types="../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";

const MAIN = new URL("../../main.ts", import.meta.url);

const UNCAUGHT: [what: string, script: string, command: string, status: number][] = [
  ["what a timer throws", 'setTimeout(() => { throw new Error("loose"); })', "gc", 125],
  ["what a promise rejects with", 'void Promise.reject(new Error("loose"))', "gc", 125],
  // Its job may have started.
  ["what a run's promise rejects with", 'void Promise.reject(new Error("loose"))', "run", 123],
];
for (const [what, script, name, status] of UNCAUGHT) {
  Deno.test(`${what}, and nobody catches, ends berth with a status of its own`, async () => {
    const command = [
      Deno.execPath(),
      "run",
      "-q",
      "--no-prompt",
      `--config=${new URL("deno.json", MAIN).pathname}`,
      "-",
      name,
    ];
    const args = ["-c", 'printf %s "$0" | "$@"', `import "${MAIN}"; ${script};`, ...command];
    const { code, stdout, stderr } = await new Deno.Command("sh", { args }).output();
    const words = new TextDecoder().decode(stderr);
    assertEquals([code, stdout.length], [status, 0], words);
    assertStringIncludes(words, "berth: this is a bug: Error: loose");
  });
}
