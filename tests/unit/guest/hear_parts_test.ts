/**
 * How the agent puts a request together that comes in parts: its own words, run by busybox here, in another folder than
 * /run.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { AGENT_FILES } from "../../../lib/guest/agent_files.ts";
import { execFragment } from "../../../lib/guest/fragment.ts";
import { Session } from "../../../lib/guest/session.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const problem = await programsMissing("busybox");
const LEAST = { env: {}, workdir: "/", hostname: "host1", user: "", stdin: false, volumes: [], clockSeconds: 1 };

/** The lines that a session sends for a request in that lane. */
async function linesFor(argv: readonly string[], lane: number): Promise<string> {
  let sent = "";
  const write = (bytes: Uint8Array) => {
    sent += new TextDecoder().decode(bytes);
    return Promise.resolve();
  };
  const lines = (async function* (): AsyncGenerator<string> {})();
  await new Session({ lines, write, [Symbol.dispose]: () => {} }, () => {}, 2).lane(lane).exec({ ...LEAST, argv });
  return sent;
}

/** What the agent has of it then, as its lane's request. */
async function heard(lines: string, lane: number): Promise<string> {
  await using folder = await temporaryFolder();
  const { path } = folder;
  await Deno.mkdir(`${path}/lane${lane}`);
  await Deno.writeTextFile(`${path}/agent.sh`, AGENT_FILES["berth/agent.sh"].replaceAll("/run/", `${path}/`));
  await Deno.writeTextFile(`${path}/lines`, lines);
  const script = `reboot() { :; }; . "$1/agent.sh"; listen 3<"$1/lines"; cat "$1/lane$2/requests" >&2`;
  const args = ["sh", "-c", script, "sh", path, String(lane)];
  const { stderr } = await new Deno.Command("busybox", { args }).output();
  assertEquals(new TextDecoder().decode(stderr), "exec\n");
  assertEquals(await Deno.readTextFile(`${path}/lane${lane}/asked`), "yes\n");
  return await Deno.readTextFile(`${path}/lane${lane}/request`);
}

// As long as several parts, with spaces, backslashes and quotes wherever a part may begin or end.
const ARGVS = {
  "spaces alone": [" ".repeat(5000)],
  "words and spaces": [Array.from({ length: 3000 }, (_, index) => `${index}  `).join("")],
  "backslashes": ["\\".repeat(5000)],
  "quotes, dots and line ends": ["'.\n".repeat(3000), ".".repeat(2100)],
  "other letters": ["ä語🚀".repeat(1500)],
};
for (const [what, argv] of Object.entries(ARGVS)) {
  for (const lane of [0, 1]) {
    testNeeding(problem, `the agent puts a request of ${what} together, in lane ${lane}`, async () => {
      assertEquals(await heard(await linesFor(argv, lane), lane), execFragment({ ...LEAST, argv }));
    });
  }
}
