/**
 * `berth doctor`: a script looks at the host as the caller sees it, a host process behind its windows tries what jobs do,
 * and the front process says what it means.
 *
 * @module
 */

import config from "../../../deno.json" with { type: "json" };
import { collectFacts } from "../../app/collect_facts.ts";
import { describeError } from "../../base/errors.ts";
import type { Seen, Tried, Tries } from "../../doctor/facts.ts";
import type { Area } from "../../doctor/finding.ts";
import { judge, worstOf } from "../../doctor/judge.ts";
import { PROGRAMS_TO_LOOK_FOR } from "../../doctor/programs.ts";
import { readCgroupFacts } from "../../host/cgroup_facts.ts";
import { captureFront } from "../../host/front.ts";
import { CGROUP, hasWindows, SLICE, STATE, type Window } from "../../host/windows.ts";
import { type Configurable, readCall } from "../config/configured.ts";
import { type DoctorArgs, parseDoctorArgs } from "./args.ts";
import { DOCTOR_FLAGS } from "./flags.ts";
import { renderList, toJson } from "./render.ts";
import { goneFact, SPARE_SLICE, usersWindow } from "../run/run.ts";
import type { Surroundings } from "../config/surroundings.ts";

const DOCTOR: Configurable = { name: "doctor", flags: DOCTOR_FLAGS, parse: parseDoctorArgs };

const STATUS_FAILS = 1;
/** Longer than all that a host process tries, each of which has a bound of its own. */
const TRY_MS = 120_000;

/** Areas that the script has nothing to say of. */
const ONLY_TRIED: readonly Area[] = ["images", "leftovers"];
/** Areas of which nothing is tried in the host process. */
const ONLY_SEEN: readonly Area[] = ["systemd", "devices", "state", "kernel"];
/** What is said of an area may hang on another's facts; the user's name stands in fixes. */
const NEEDED: Partial<Readonly<Record<Area, readonly Area[]>>> = { kvm: ["host", "qemu"], state: ["host"] };

/** Runs the command and returns the exit status. */
export async function doctor(line: readonly string[], mainModule: string): Promise<number> {
  const { argv, surroundings } = await readCall(line, DOCTOR, mainModule);
  const args = parseDoctorArgs(argv);
  if (hasWindows()) {
    return await printTries(args, surroundings.stateDir);
  }
  const findings = judge(await lookAround(args, argv, surroundings), args.areas);
  if (args.json) console.log(JSON.stringify(toJson(findings, config.version), null, 2));
  else for (const line of renderList(findings)) console.log(line);
  return worstOf(findings) === "fail" ? STATUS_FAILS : 0;
}

/** For the front process. */
async function printTries(args: DoctorArgs, stateDir: string): Promise<number> {
  const [{ tryHost }, { Console }] = await Promise.all([
    import("../../app/try_host.ts"),
    import("../terminal/console.ts"),
  ]);
  const facts = await readCgroupFacts();
  await using words = new Console(true, [[STATE, stateDir], [CGROUP, facts.window], [SLICE, facts.sliceWindow]]);
  const named = (_key: string, value: unknown) => typeof value === "string" ? words.name(value) : value;
  console.log(JSON.stringify(await tryHost(args, facts), named));
  return 0;
}

async function lookAround(args: DoctorArgs, argv: readonly string[], surroundings: Surroundings): Promise<Seen> {
  const { isRoot, stateDir } = surroundings;
  const asked = new Set(args.areas.flatMap((area) => [area, ...NEEDED[area] ?? []]));
  const areas = [...asked].filter((area) => !ONLY_TRIED.includes(area));
  const words: Partial<Record<Area, readonly string[]>> = {
    programs: PROGRAMS_TO_LOOK_FOR,
    state: [stateDir, ...(isRoot ? [usersWindow().source] : [])],
  };
  const facts = await Promise.all(
    areas.map(async (area) => [area, await collectFacts(area, words[area] ?? [])] as const),
  );
  // Not meanwhile: a guest that is tried has little time.
  const isTried = args.areas.some((area) => !ONLY_SEEN.includes(area));
  const tries = isTried ? await tryBehindWindows(args, argv, surroundings) : undefined;
  return { isRoot, stateDir, facts: Object.fromEntries(facts), tries };
}

async function tryBehindWindows(
  args: DoctorArgs,
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<Tried<Tries>> {
  const windows = doctorWindows(args, surroundings);
  const options = { ...surroundings, args: ["doctor", ...argv], env: surroundings.hostEnv, windows, looksOnly: true };
  try {
    const { code, stdout, stderr } = await captureFront(options, TRY_MS);
    if (code === 0) return { value: JSON.parse(stdout) };
    const words = stderr.trim().replaceAll(/^berth: /gm, "").replaceAll("\n", "; ");
    return { problem: words || `berth's host process ended with status ${code}, without a word` };
  } catch (error) {
    return { problem: describeError(error) };
  }
}

/** The windows of the tries. Pure. */
export function doctorWindows(
  { areas, parent }: DoctorArgs,
  { stateDir, isRoot }: Pick<Surroundings, "stateDir" | "isRoot">,
): Window[] {
  const users = isRoot && areas.includes("namespaces") ? [usersWindow()] : [];
  if (!areas.includes("cgroup") && !areas.includes("leftovers")) return users;
  const source = parent.kind === "path" ? parent.path : "self";
  return [
    ...users,
    { mode: "cgroup", target: CGROUP, source },
    ...(parent.kind === "self" && areas.includes("cgroup") ? [SPARE_SLICE] : []),
    goneFact(stateDir),
  ];
}
