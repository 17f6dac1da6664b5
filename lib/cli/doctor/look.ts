/**
 * The front process's part of `berth doctor`: what a script sees of the host, and what a host process has tried, as
 * findings.
 *
 * @module
 */

import config from "../../../deno.json" with { type: "json" };
import { collectFacts } from "../../app/collect_facts.ts";
import { describeError } from "../../base/errors.ts";
import { STATUS } from "../../base/exit_status.ts";
import type { Seen, Tried, Tries } from "../../doctor/facts.ts";
import type { Area } from "../../doctor/finding.ts";
import { judge, worstOf } from "../../doctor/judge.ts";
import { PROGRAMS_TO_LOOK_FOR } from "../../doctor/programs.ts";
import { captureFront, type FrontOptions } from "../../host/front.ts";
import type { Call } from "../line/command.ts";
import { usersWindow } from "../../app/windows.ts";
import type { DoctorArgs } from "./args.ts";
import { renderJson, renderList } from "./render.ts";

/** Longer than all that a host process tries, each of which has a bound of its own. */
const TRY_MS = 330_000;

/** Areas that the script has nothing to say of. */
const ONLY_TRIED: readonly Area[] = ["images", "clone", "leftovers"];
/** Areas of which nothing is tried in the host process. */
const ONLY_SEEN: readonly Area[] = ["systemd", "devices", "state", "kernel"];
/** What is said of an area may hang on another's facts; the user's name stands in fixes. */
const NEEDED: Partial<Readonly<Record<Area, readonly Area[]>>> = {
  kvm: ["host", "qemu"],
  state: ["host"],
  clone: ["qemu"],
};

/** Looks, says what was found, and returns the exit status. */
export async function lookAndTell(args: DoctorArgs, call: Call): Promise<number> {
  const findings = judge(await lookAround(args, call), args.areas);
  if (args.json) console.log(renderJson(findings, config.version));
  else for (const line of renderList(findings)) console.log(line);
  return worstOf(findings) === "fail" ? STATUS.badHost : STATUS.done;
}

async function lookAround(args: DoctorArgs, { surroundings: { isRoot, stateDir }, host }: Call): Promise<Seen> {
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
  const tries = isTried ? await tryBehindWindows(host) : undefined;
  return { isRoot, stateDir, facts: Object.fromEntries(facts), tries };
}

async function tryBehindWindows(host: FrontOptions): Promise<Tried<Tries>> {
  try {
    const { code, stdout, stderr } = await captureFront({ ...host, looksOnly: true }, TRY_MS);
    if (code === 0) return { value: JSON.parse(stdout) };
    const words = stderr.trim().replaceAll(/^berth: /gm, "").replaceAll("\n", "; ");
    return { problem: words || `berth's host process ended with status ${code}, without a word` };
  } catch (error) {
    return { problem: describeError(error) };
  }
}
