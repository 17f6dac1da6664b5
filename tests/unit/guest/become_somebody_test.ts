/**
 * How a guest becomes somebody: the agent's own words, run by busybox here, with a file in place of the identity's disk.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { AGENT_FILES } from "../../../lib/guest/agent_files.ts";
import { IDENTITY_BYTES, planIdentity } from "../../../lib/guest/identity.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const problem = await programsMissing("busybox");
const TOKEN = "0123456789abcdefghjkmnpqrs";
const WRITTEN = planIdentity({ token: TOKEN, serials: ["workspace", "cache0"] }, new Uint8Array(512), 0);
const UNWRITTEN = new Uint8Array(IDENTITY_BYTES);

/** What stands in for the rest of the agent; what it does is told. */
const REST = `bind_disk() { echo "bind $1"; eval "disk_$1=$folder/$1"; }
  find_disk() { eval "disk=\\$disk_$1"; }
  become() { [ "$(head -c 1 | tr -d '\\0')" ] || return 4; echo become; }
  say() { echo "say $*"; }
  set_up_root() { echo root; }
  give_up() { echo "give up: $*"; exit; }`;

/** What it does when it is asked once for each of these contents of the disk. */
async function asked(scratch: string, ...contents: readonly Uint8Array[]): Promise<string[]> {
  await using folder = await temporaryFolder();
  const { path } = folder;
  await Deno.writeTextFile(`${path}/become.sh`, AGENT_FILES["berth/become.sh"].replaceAll("/berth/become", "become"));
  for (const [index, bytes] of contents.entries()) await Deno.writeFile(`${path}/${index}`, bytes);
  const script = `folder=$1 scratch=$2 count=$3; disk_identity=$1/identity; . "$1/become.sh"; ${REST}
    for n in $(seq 0 $((count - 1))); do cp "$1/$n" "$1/identity"; become_somebody; done`;
  const args = ["sh", "-c", script, "sh", path, scratch, String(contents.length)];
  const { stdout, stderr } = await new Deno.Command("busybox", { args }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

const BECOMES = ["become", "bind workspace", "bind cache0", `say hello ${TOKEN} agent`];

testNeeding(
  problem,
  "a guest that is asked reads who it is, finds its disks in their order, and says hello",
  async () => {
    assertEquals(await asked("", WRITTEN), BECOMES);
  },
);

testNeeding(problem, "a guest with a scratch disk puts its root together when it has said hello", async () => {
  assertEquals(await asked("yes", WRITTEN), [...BECOMES, "root"]);
});

testNeeding(
  problem,
  "a guest is nobody still while nobody has written who it is, and binds no other disk",
  async () => {
    assertEquals(await asked("", UNWRITTEN, UNWRITTEN, WRITTEN), BECOMES);
  },
);

testNeeding(problem, "a guest that is somebody stays that, however often it is asked", async () => {
  const other = planIdentity({ token: "z".repeat(26), serials: ["volume0"] }, new Uint8Array(512), 0);
  assertEquals(await asked("", WRITTEN, other, UNWRITTEN), BECOMES);
});
