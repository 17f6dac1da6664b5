// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { planRequest } from "../../../lib/host/request.ts";
import windows from "../../../lib/host/windows.sh" with { type: "text" };

const WRITE = /^write_request\(\) \{\n[^]*?^\}$/m.exec(windows)![0];

const REQUESTS: [what: string, request: unknown][] = [
  ["every kind of character", {
    argv: ["a b", "", "'\"\\$`\n\t\u0001\u007f", "ä€😀\u2028", "-n", "%s"],
    env: { A: "1" },
  }],
  ["more than one variable takes", { argv: ["x".repeat(150_000), "€".repeat(120_000)], env: { B: "😀".repeat(9999) } }],
];
for (const [what, request] of REQUESTS) {
  Deno.test(`planRequest() is put together again by the shell, and leaves nothing in its environment: ${what}`, async () => {
    const variables = planRequest(request);
    for (const value of Object.values(variables)) assertEquals(value.length < 128 * 1024 - 64, true);
    const script = `${WRITE}\nwrite_request; echo; exec env`;
    const options = { args: ["-euc", script], clearEnv: true, env: { PATH: "/usr/bin:/bin", ...variables } };
    const { stdout } = await new Deno.Command("sh", options).output();
    const [text, ...left] = new TextDecoder().decode(stdout).split("\n");
    assertEquals(JSON.parse(text), request);
    assertEquals(left.filter((line) => line.startsWith("BERTH_REQUEST")), []);
  });
}
