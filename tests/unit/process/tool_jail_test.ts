// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { planJail } from "../../../lib/process/jail.ts";
import { runTool } from "../../../lib/process/tool.ts";
import {
  jailOptionsOf,
  makeToolFolder,
  takeOver,
  type ToolFilter,
  writeFilters,
} from "../../../lib/process/tool_jail.ts";
import { jailMissing, programsMissing, rootMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const PROBE = new URL("../../support/tool_probe.pl", import.meta.url).pathname;
const MISSING = await jailMissing() ?? await programsMissing("perl", "setsid", "setpriv", "prlimit");
/** Nobody's, in the range that berth takes users from. */
const USER = 1_900_000_123;

/** What a tool could do that was taken over. */
async function probe(filter: ToolFilter, user: number | undefined, capabilities: readonly string[]): Promise<string> {
  await using folder = await temporaryFolder();
  const jail = { user, filters: await writeFilters(folder.path) };
  await makeToolFolder(`${folder.path}/tools`, jail);
  await Deno.writeTextFile(`${folder.path}/secret`, "of root", { mode: 0o600 });
  // Whoever has checked this project out may have kept it to himself.
  const script = `${folder.path}/probe`;
  await runTool({ command: "sh", args: ["-c", 'cp "$1" "$2" && chmod 644 "$2"', "sh", PROBE, script] });
  const plan = { readOnly: [script, `${folder.path}/secret`], writable: [`${folder.path}/tools`], capabilities };
  const [command, ...args] = planJail({ ...plan, ...jailOptionsOf(jail, filter), cwd: "/" });
  const argv = ["perl", script, `${folder.path}/tools`, `${folder.path}/secret`];
  const said = await runTool({ command, args: [...args, ...argv], leadsGroup: true });
  if (user !== undefined && filter !== "nodes") {
    const owner = async () => (await Deno.stat(`${folder.path}/tools/written`)).uid;
    assertEquals(await owner(), user);
    await takeOver(`${folder.path}/tools/written`, jail);
    assertEquals(await owner(), 0);
  }
  return said.trim();
}

testNeeding(
  MISSING,
  "a tool that has no user of its own gets no way into the kernel, nor to its own group",
  async () => {
    const could = await probe("plain", undefined, []);
    // In a user namespace of its own it is called what it is.
    assertEquals(could.replace(/^be root, /, ""), "read root's file, write");
  },
);

const ROOT_MISSING = MISSING ?? await rootMissing();
for (
  const [what, filter, capabilities, could] of [
    ["unpacks", "plain", [], "write"],
    ["reads a user's files", "plain", ["CAP_DAC_READ_SEARCH"], "read root's file, write"],
    [
      "gives files to all users",
      "nodes",
      ["CAP_DAC_OVERRIDE", "CAP_MKNOD"],
      "a node, be root, read root's file, write",
    ],
    ["fetches", "network", [], "the network, write"],
  ] as [string, ToolFilter, string[], string][]
) {
  testNeeding(
    ROOT_MISSING,
    `a tool of root's that ${what} can do that, and nothing else`,
    async () => {
      assertEquals(await probe(filter, USER, capabilities), could);
    },
  );
}
