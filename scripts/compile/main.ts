/**
 * Makes `dist/berth`: one binary with the permissions of the set `berth` in `deno.json`, and nothing in it but what is
 * used. The same sources, Deno and runtime make the same bytes.
 *
 * `--target x86_64|aarch64` makes one for another machine, `dist/berth-MACHINE`. Deno downloads the runtime that it puts
 * the program behind, unless DENORT_BIN names one.
 *
 * @module
 */

// @ts-types="../../lib/base/types/parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
import config from "../../deno.json" with { type: "json" };
import stageScript from "./stage.sh" with { type: "text" };
import { type Commit, permissionFlags, planBundle, planCompile, stampVersion, TARGETS } from "./plan.ts";
import { digestRuntime } from "./runtime.ts";

const DIST = "dist";
const STAGE = `${DIST}/.stage`;
/** In there. */
const [SOURCES, BUNDLE] = ["sources", "bundle"];
const STARTS = 7;

const NO_RUNTIME = "Where Deno can't download the runtime (denort), name one that fits it: DENORT_BIN=PATH";

const machine = parseMachine(Deno.args);
await shell(stageScript, STAGE, Deno.execPath());
const commit = await readCommit();
const version = stampVersion(config.version, commit);
const output = machine === undefined ? "berth" : `berth-${machine}`;
const target = machine === undefined ? undefined : TARGETS[machine];
const runtime = await learnRuntime();
await bundle(version, runtime);
const flags = permissionFlags(config.permissions.berth, Deno.version.deno);
await compile(`${STAGE}/${BUNDLE}`, planCompile(flags, `../made/${output}`, target));
const made = `${STAGE}/made/${output}`;
if (await digestRuntime(made) !== runtime) {
  throw new Error(`the runtime in ${made} is another one than a moment before`);
}
const facts = [`berth ${version}`, `${((await Deno.stat(made)).size / 2 ** 20).toFixed(1)} MiB`];
// One for another machine does not run here.
if (target === undefined) facts.push(`starts in ${Math.round(await measureStart(made))} ms`);
// What was there before stays until there is something better.
await shell(
  'mv "$1"/made/* "$2"; rm -rf "$1"; cd "$2"; for file in berth berth-*; do [ ! -f "$file" ] || sha256sum "$file"; done >SHA256SUMS',
  STAGE,
  DIST,
);
console.log(`${DIST}/${output}: ${facts.join(", ")}, by Deno ${Deno.version.deno}`);

/** The machine that `--target` names; undefined for this one. */
function parseMachine(args: string[]): string | undefined {
  const others: string[] = [];
  const { target } = parseArgs(args, { string: ["target"], unknown: (word) => void others.push(word) });
  if (others.length === 0 && target === undefined) return undefined;
  if (others.length === 0 && typeof target === "string" && Object.hasOwn(TARGETS, target)) return target;
  console.error(`usage: deno task compile [--target ${Object.keys(TARGETS).join("|")}]`);
  Deno.exit(2);
}

/** The commit of the sources; undefined where they are no git checkout. */
async function readCommit(): Promise<Commit | undefined> {
  const text = await shell(
    `command -v git >/dev/null && [ "$(git rev-parse --show-prefix 2>/dev/null || echo none)" = "" ] || exit 0
    git rev-parse --short=12 HEAD
    git show --no-patch --format=%ct HEAD
    git status --porcelain -- main.ts lib deno.json deno.lock`,
  );
  const [hash, epoch, ...changes] = text.trim().split("\n");
  return hash ? { hash, epoch, isDirty: changes.length > 0 } : undefined;
}

async function compile(folder: string, plan: readonly string[]): Promise<void> {
  // The times of files are in the binary, too.
  await shell(
    `cd "$1"; find . -exec touch -hd "@$2" {} +; shift 2
    "$@" || { status=$?; echo "${NO_RUNTIME}"; exit $status; } >&2`,
    folder,
    commit?.epoch ?? "0",
    Deno.execPath(),
    ...plan,
  );
}

/** The digest of the runtime that this Deno compiles with, from wherever it has it: it is what an empty program has. */
async function learnRuntime(): Promise<string> {
  const folder = `${STAGE}/.runtime`;
  await shell('mkdir "$1"; : >"$1/main.js"; echo {} >"$1/deno.json"', folder);
  await compile(folder, planCompile([], "program", target));
  const digest = await digestRuntime(`${folder}/program`);
  await shell('rm -r "$1"', folder);
  return digest;
}

/** Makes the files that are compiled, with a configuration that has only what the program reads. */
async function bundle(version: string, runtimeSha256: string): Promise<void> {
  const { name, imports } = config;
  await Deno.writeTextFile(
    `${STAGE}/${SOURCES}/deno.json`,
    JSON.stringify({ name, version, runtimeSha256, imports }),
  );
  await shell(
    'mkdir "$1/$3"; echo {} >"$1/$3/deno.json"; cd "$1/$2"; shift 3; exec "$@"',
    STAGE,
    SOURCES,
    BUNDLE,
    Deno.execPath(),
    ...planBundle(`../${BUNDLE}`),
  );
}

/** How many milliseconds the binary takes to tell its version: the median, as the first ones fetch it from the disk. */
async function measureStart(path: string): Promise<number> {
  const times: number[] = [];
  while (times.length < STARTS) {
    const begun = performance.now();
    await shell('"$1" --version >/dev/null', path);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b)[Math.floor(STARTS / 2)];
}

/** Runs a shell script and returns its stdout; what it says on stderr is the user's to read. */
async function shell(script: string, ...args: string[]): Promise<string> {
  const command = new Deno.Command("sh", { args: ["-ec", script, "sh", ...args], stderr: "inherit" });
  const { success, code, stdout } = await command.output();
  if (success) return new TextDecoder().decode(stdout);
  console.error(`berth was not compiled: see above (status ${code})`);
  Deno.exit(1);
}
