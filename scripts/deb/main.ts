/**
 * Makes `dist/berth_VERSION_amd64.deb` of `dist/berth`, and has lintian look at it where that is installed.
 *
 * The same binary and commit make the same bytes: everything has the time of the commit, or of SOURCE_DATE_EPOCH.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { bashCompletions } from "../../lib/cli/completions/bash.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { helpText } from "../../lib/cli/help.ts";
import { allNodes, loadTree } from "../../lib/cli/line/command_tree.ts";
import { TOPICS } from "../../lib/docs/topics.ts";
import { digestRuntime } from "../compile/runtime.ts";
import { buildPackage, expectBinary } from "./build.ts";
import type { Release } from "./control.ts";
import { doubtOf } from "./runtimes.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const DIST = `${ROOT}dist`;

/** Runs a script to its end, its words being ours, and returns its standard output. */
function shell(script: string, ...args: string[]): { readonly success: boolean; readonly text: string } {
  const command = new Deno.Command("sh", { args: ["-ec", script, "sh", ...args], stderr: "inherit" });
  const { success, stdout } = command.outputSync();
  return { success, text: new TextDecoder().decode(stdout).trim() };
}

function readRelease(): Release {
  const script = '[ ! -e "$1.git" ] || git -C "$1" log -1 --format="%h %ct"';
  const [commit, committed] = shell(script, ROOT).text.split(" ");
  const atSeconds = Number(Deno.env.get("SOURCE_DATE_EPOCH") || committed);
  if (!Number.isSafeInteger(atSeconds)) throw new Error("without git, SOURCE_DATE_EPOCH has to name the time");
  return { version: config.version, commit: commit || undefined, atSeconds };
}

/** Refuses a program of other sources than the man pages and the completions are made of: it has all their words. */
async function expectSameSources(binary: string): Promise<void> {
  const tree = await loadTree(COMMANDS);
  const names = [...allNodes(tree).map(({ path }) => path), ...Object.keys(TOPICS).map((topic) => [topic])];
  const texts = await Promise.all(names.map((words) => helpText(words, COMMANDS)));
  const wanted = [bashCompletions(tree), ...texts].map((one) => one.trimEnd()).join("\n").trim();
  // Names are words without anything that a shell would make something of.
  const script = 'berth=$1; shift; "$berth" completions bash; for words; do "$berth" help $words; done';
  const { success, text } = shell(script, binary, ...names.map((words) => words.join(" ")));
  if (!success || text !== wanted) {
    throw new Error(`${binary} is made of other sources than these; deno task compile makes it anew`);
  }
}

/** Whether lintian finds no error; it says what it finds. */
function isClean(path: string): boolean {
  if (!shell("command -v lintian || true").text) {
    console.error("deb: not looked at by lintian, which is not installed");
    return true;
  }
  return shell('lintian --no-cfg --fail-on error "$1" >&2', path).success;
}

try {
  const release = readRelease();
  const path = `${DIST}/berth_${release.version}_amd64.deb`;
  const binary = `${DIST}/berth`;
  await expectBinary(binary);
  await expectSameSources(binary);
  const doubt = doubtOf(await digestRuntime(binary));
  if (doubt) console.error(`deb: ${binary}: ${doubt}`);
  await buildPackage({ binary, workFolder: `${DIST}/.deb`, package: path, release });
  console.log(path);
  if (!isClean(path)) Deno.exit(1);
} catch (error) {
  console.error(`deb: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
