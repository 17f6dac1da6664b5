/**
 * The process that a VM's scope begins with and lives by.
 *
 * A scope goes away with its last process, and what the kernel has counted goes with it. The holder stays, whatever
 * happens to the VM, until its owner lets go of its standard input: so it also ends with the owner, however that ends.
 *
 * @module
 */

import { settlesWithin, within } from "../../base/deadline.ts";
import { BerthError } from "../../base/errors.ts";
import { readLines } from "../../base/lines.ts";
import { type Child, startChild } from "../../process/child.ts";
import holderScript from "./holder.sh" with { type: "text" };
import { ANSWER_MS, type Systemd } from "./systemctl.ts";

/** How long a holder may take to see that its standard input has ended; frozen, it never does. */
const END_MS = 2000;
/** A process id and a unit's name. */
const MOST_READY_BYTES = 512;

/** Scope to begin. */
export interface HolderPlan {
  readonly unit: string;
  readonly slice: string;
  readonly properties: readonly string[];
  /** The absolute path of the slice's folder, as this process and its children see it. */
  readonly sliceFolder: string;
}

/** Scope that has begun, with its limits in force. Disposing ends the holder. */
export interface Holder extends AsyncDisposable {
  readonly pid: string;
  /** The scope's folder in the slice's: the unit's name, but systemd may put a `_` before it. */
  readonly folder: string;
}

/**
 * Begins a scope. A unit of that name that is dead but not forgotten is forgotten.
 *
 * @throws {BerthError} `cgroup.unit` when the name is taken; `cgroup.systemd` with systemd's words.
 */
export async function startHolder(systemd: Systemd, plan: HolderPlan): Promise<Holder> {
  const first = await tryStart(systemd, plan);
  if (typeof first !== "string") return first;
  if (!isTaken(first)) throw refusal(plan.unit, first);
  // A failed unit keeps its name until somebody has looked at it.
  await systemd.tryControl("reset-failed", "--", plan.unit);
  const second = await tryStart(systemd, plan);
  if (typeof second !== "string") return second;
  if (!isTaken(second)) throw refusal(plan.unit, second);
  const advice = `\`${systemd.systemctl} status ${plan.unit}\` shows it`;
  throw new BerthError("cgroup.unit", `there is a unit ${plan.unit} already; ${advice}`);
}

/** systemd's UnitExists error, of which systemd-run prints only the text. */
function isTaken(words: string): boolean {
  return words.includes("was already loaded or has a fragment file");
}

function refusal(unit: string, words: string): BerthError {
  return new BerthError("cgroup.systemd", `systemd does not start ${unit}: ${words || "it says nothing"}`);
}

/** A holder that is in place, or the words of systemd-run. */
async function tryStart(systemd: Systemd, plan: HolderPlan): Promise<Holder | string> {
  const command = ["sh", "-c", holderScript, "berth-holder", plan.sliceFolder];
  const child = startChild({
    command: "systemd-run",
    args: [...systemd.scopeArguments(plan.unit, plan.slice, plan.properties), ...command],
    env: systemd.env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const words = new Response(child.stderr).text();
  const end = () => endHolder(child, words);
  try {
    const line = await within(firstLine(child), ANSWER_MS, `systemd to start ${plan.unit}`);
    if (line === undefined) {
      await end();
      return (await words).trim();
    }
    const [pid, ...folder] = line.split(" ");
    return { pid, folder: folder.join(" "), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function firstLine(child: Child): Promise<string | undefined> {
  for await (const line of readLines(child.stdout, MOST_READY_BYTES, "cgroup.systemd")) return line;
}

async function endHolder(child: Child, words: Promise<string>): Promise<void> {
  // It may have ended already, and its pipe with it.
  await child.stdin.close().catch(() => {});
  if (!await settlesWithin(child.status, END_MS)) await child.stop();
  await words;
}
