/**
 * `berth setup` on hosts that lack programs: a mount hides one from all, and an apt-get of the test's "installs" it.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, shell, sourceCommandLine } from "../support/berth.ts";

const folder = await emptyFolder("setup");

/** Takes umoci away; apt-get says much, and gives it back. */
const APT = `#!/bin/sh
echo "much that apt has to say: $*"
echo "$DEBIAN_FRONTEND: $*" >>${folder}/asked
case "$* $(cat ${folder}/mode)" in *umoci*works) umount /usr/bin/umoci ;; *umoci*) echo "E: no such package" >&2; exit 100 ;; esac
`;

/** Calls berth where umoci is missing. @param mode what apt-get does. */
async function callLacking(mode: "works" | "fails", args: readonly string[], who: readonly string[] = []) {
  await shell('rm -f "$1/asked"; echo "$2" >"$1/mode"; printf %s "$3" >"$1/apt-get"; chmod 755 "$1/apt-get"', ...[
    folder,
    mode,
    APT,
  ]);
  const script = `mount --bind /dev/null /usr/bin/umoci; mount --bind "$0/apt-get" /usr/bin/apt-get
    mount -t tmpfs log /var/log; "$@"; status=$?; cat /var/log/berth-setup.log 2>/dev/null >"$0/log" || :; exit $status`;
  const wrapper = ["unshare", "--mount", "sh", "-c", script, folder, ...who];
  const outcome = await berth(args, { wrapper });
  const [log, asked] = await Promise.all(["log", "asked"].map((name) => shell(`cat "$1/${name}" || :`, folder)));
  return { ...outcome, log, asked };
}

Deno.test("berth setup installs what is missing: a line for each program and step, and apt's words in a file", async () => {
  const { code, stdout, stderr, log, asked } = await callLacking("works", ["setup"]);
  assertEquals([code, stdout], [0, ""], stderr);
  assertEquals(stderr.split("\n"), [
    "berth: this host lacks umoci (umoci), which unpacks OCI images",
    "berth: running: apt-get update (its words are in /var/log/berth-setup.log)",
    "berth: running: apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends umoci " +
    "(its words are in /var/log/berth-setup.log)",
    "berth: this host has all programs that berth needs; berth doctor looks at the rest",
    "",
  ]);
  assertMatch(
    log,
    /^\$ apt-get update\nmuch that apt has to say: update\n\$ apt-get .* umoci\nmuch that apt .* umoci\n$/,
  );
  assertEquals(
    asked,
    "noninteractive: update\nnoninteractive: -o DPkg::Lock::Timeout=300 install -y " +
      "--no-install-recommends umoci\n",
  );
});

Deno.test("berth setup shows the end of apt's words when that fails", async () => {
  const { code, stdout, stderr } = await callLacking("fails", ["setup"]);
  assertEquals([code, stdout], [125, ""], stderr);
  assertMatch(stderr, /berth: apt-get -o ended with status 100: .*E: no such package/s);
});

Deno.test("berth setup --check, and who is not root, are told how, and nothing is done", async () => {
  const words = "install it as root: apt-get update && apt-get install -y --no-install-recommends umoci";
  for (const [args, who] of [[["setup", "--check"], []], [["setup"], ["unshare", "--user"]]] as const) {
    const { code, stdout, stderr, asked } = await callLacking("works", args, who);
    assertEquals([code, stdout, asked], [125, "", ""], stderr);
    assertStringIncludes(stderr, `berth: ${words}`);
  }
});

Deno.test("the script of the sources does the same, and says nothing where nothing is missing", async () => {
  const command = sourceCommandLine([], new URL("../../scripts/setup.ts", import.meta.url).pathname)
    .map((word) => word === "--permission-set=berth" ? "--permission-set=setup" : word);
  assertEquals(await shell('"$@" 2>&1', ...command), "");
  const { code, stderr } = await callLacking("works", [], ["sh", "-c", 'exec "$@"', "sh", ...command, "--"]);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "berth: this host lacks umoci (umoci), which unpacks OCI images\n");
});

Deno.test("a job on a host that lacks what every job needs is told of berth setup", async () => {
  for (const program of ["setsid", "unshare", "findmnt", "busybox", "qemu-system-x86_64"]) {
    const script = 'mount --bind /dev/null "$(command -v "$0")"; exec "$@"';
    const wrapper = ["unshare", "--mount", "sh", "-c", script, program];
    const { code, stderr } = await berth(["run", "--", "true"], { wrapper });
    assertEquals(code, 125, stderr);
    assertMatch(stderr, new RegExp(`the program (/usr/bin/)?${program} is not on this host.*berth setup`));
  }
});
