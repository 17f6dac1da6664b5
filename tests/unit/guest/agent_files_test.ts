// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { AGENT_FILES, AGENT_PROGRAMS, agentHash } from "../../../lib/guest/agent_files.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

Deno.test("AGENT_FILES and AGENT_PROGRAMS hold whatever the agent's scripts name, and init", () => {
  const named = Object.values(AGENT_FILES).join("\n").matchAll(/\/(berth\/[a-z_]+(\.sh)?)\b/g);
  for (const [, path] of named) assert(path in AGENT_FILES || path in AGENT_PROGRAMS, path);
  assertMatch(AGENT_FILES.init, /^#!\/bin\/busybox sh\n/);
});

Deno.test("agentHash() is 16 hexadecimal digits, and the same each time", () => {
  assertMatch(agentHash(), /^[0-9a-f]{16}$/);
  assertEquals(agentHash(), agentHash());
});

Deno.test("agentHash() is another one where a script or a program is", () => {
  const files = { ...AGENT_FILES, ...AGENT_PROGRAMS };
  assertEquals(agentHash(files), agentHash());
  for (const [path, content] of Object.entries(files)) {
    const other = typeof content === "string" ? `${content}\n` : new Uint8Array([...content, 0]);
    assertNotEquals(agentHash({ ...files, [path]: other }), agentHash(), path);
  }
});

const noBusybox = await programsMissing("busybox");
for (const [path, text] of Object.entries(AGENT_FILES)) {
  testNeeding(noBusybox, `busybox's shell can read ${path}`, async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(`${folder.path}/x`, text);
    const { stderr, success } = await new Deno.Command("busybox", { args: ["sh", "-n", `${folder.path}/x`] }).output();
    assert(success, new TextDecoder().decode(stderr));
  });
}
