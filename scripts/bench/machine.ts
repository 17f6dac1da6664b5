/**
 * What machine it is, and what berth has found out about it.
 *
 * @module
 */

import { within } from "../../lib/base/deadline.ts";
import { firstRun, type Setup } from "./calls.ts";
import { runTimed, shell } from "./child.ts";
import { SCRATCH, STATE } from "./places.ts";
import { parseFacts } from "./table.ts";

const READ_LIMIT_MS = 5000;

const FACTS = `
fact() { printf '%s\\t%s\\n' "$@"; }
fact CPU "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
fact cores "$(nproc)"
fact memory "$(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1024 / 1024 }' /proc/meminfo)"
fact kernel "$(uname -sr)"
fact QEMU "$(qemu-system-x86_64 --version | head -n 1)"
fact load "$(cut -d ' ' -f 1-3 /proc/loadavg)"
`;

/** Name → value, in the order to show them in. */
export async function readFacts(): Promise<Record<string, string>> {
  return { ...parseFacts(await shell("reading the machine's facts", FACTS)), Deno: Deno.version.deno };
}

/** Lets berth build its image and find out about the host, then reads both. */
export async function prepareSetup(signal: AbortSignal): Promise<Setup> {
  const report = `${SCRATCH}/report.json`;
  await runTimed(firstRun(report), signal);
  const read = (path: string) => within(Deno.readTextFile(path), READ_LIMIT_MS, path);
  const { accel } = JSON.parse(await read(report));
  const { tcgTscKhz } = JSON.parse(await read(`${STATE}/host.json`));
  return { imageSpec: await read(`${STATE}/images/default/spec.json`), accelerator: accel, tcgTscKhz };
}
