/**
 * Tests that need something which not every host has.
 *
 * The one rule: such a test is ignored, and says why, where the thing is missing; with `BERTH_TEST_REQUIRE=1`, which
 * .ci/run sets, it fails instead.
 *
 * @module
 */

/** Why a test can't run on this host; undefined when it can. */
export type Problem = string | undefined;

/** Registers a test, under the rule. */
export function testNeeding(problem: Problem, name: string, fn: () => void | Promise<void>): void {
  if (problem === undefined) return Deno.test(name, fn);
  if (Deno.env.get("BERTH_TEST_REQUIRE") === "1") {
    return Deno.test(name, () => {
      throw new Error(`BERTH_TEST_REQUIRE is set, and ${problem}`);
    });
  }
  // Said here, because short reporters print no names.
  console.error(`ignored: ${name}: ${problem}`);
  Deno.test.ignore(name, fn);
}

/** Runs a command line of sh, and tells why it failed. */
async function problemOf(what: string, line: string): Promise<Problem> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-c", line], stdout: "null" }).output();
  return success ? undefined : `${what}: ${new TextDecoder().decode(stderr).trim() || "not there"}`;
}

/** Whether programs can be jailed: bubblewrap is there, and may make namespaces. */
export async function jailMissing(): Promise<Problem> {
  const namespaces = "--unshare-pid --unshare-net --cap-drop ALL --cap-add CAP_FOWNER";
  return await problemOf("no jail", `exec bwrap ${namespaces} --ro-bind / / --proc /proc true`);
}

/** bubblewrap's options under which a program has no power on the host, whoever runs it, and has the usual devices. */
export const POWERLESS: readonly string[] = [
  ...["--unshare-all", "--unshare-user", "--uid", "1000", "--cap-drop", "ALL"],
  ...["--ro-bind", "/", "/", "--dev", "/dev"],
];

/** Whether programs can be run so. */
export async function powerlessMissing(): Promise<Problem> {
  return await problemOf("no namespace of users", `exec bwrap ${POWERLESS.join(" ")} true`);
}

/** Whether these programs are installed. */
export async function programsMissing(...names: readonly string[]): Promise<Problem> {
  const checks = names.map((name) => `command -v ${name} >&2 2>/dev/null || { echo "no ${name}" >&2; exit 1; }`);
  return await problemOf("programs", checks.join("; "));
}

/** Whether this is root, who may become anybody. */
export async function rootMissing(): Promise<Problem> {
  return await problemOf("no root", `[ "$(id -u)" = 0 ] && exec setpriv --reuid 1900000000 --clear-groups true`);
}
