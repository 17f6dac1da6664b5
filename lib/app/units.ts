/**
 * `berth systemd install`: units are written for this very binary.
 *
 * @module
 */

import { BerthError, ignoreNotFound } from "../base/errors.ts";
import { findSystemd } from "../cgroup/systemd/systemctl.ts";
import { isAsWritten, planUnits, type Unit, withMark } from "../host/systemd/units.ts";
import { UNITS } from "../host/windows.ts";
import type { Words } from "./words.ts";

/** Where units go, and whose folder they are to know; both as the user named them. */
export interface UnitsRequest {
  readonly folder: string;
  readonly stateDir: string;
}

/** Writes all of them, or none. @throws {BerthError} `systemd.*`, `cgroup.systemd`. */
export async function installUnits({ folder, stateDir }: UnitsRequest, words: Words): Promise<void> {
  if (!Deno.build.standalone) throw new BerthError("systemd.source", "a unit can't run berth from its sources");
  const { version } = await findSystemd({});
  const units = planUnits({ binary: Deno.execPath(), systemd: version, stateDir });
  for (const { name } of units) {
    const there = await Deno.readTextFile(`${UNITS}/${name}`).catch(ignoreNotFound);
    if (there !== undefined && !isAsWritten(there)) {
      throw new BerthError("systemd.changed", `${folder}/${name} is not as berth has written it`);
    }
  }
  await writeAll(units);
  for (const { name } of units) words.note(`wrote ${folder}/${name}`);
  words.note(
    "to have them: systemctl daemon-reload && systemctl enable berth.service && systemctl restart berth.service",
  );
  words.note("a job: write ARGS=… to /etc/berth/run/NAME, then systemctl start berth-run@NAME");
}

/** systemd must not read half of a unit, nor one without the other where the disk is full. */
async function writeAll(units: readonly Unit[]): Promise<void> {
  const paths = units.map(({ name }) => [`${UNITS}/${name}.new`, `${UNITS}/${name}`]);
  try {
    for (const [index, { text }] of units.entries()) {
      await Deno.writeTextFile(paths[index][0], withMark(text), { mode: 0o644 });
    }
    for (const [made, place] of paths) await Deno.rename(made, place);
  } finally {
    for (const [made] of paths) await Deno.remove(made).catch(ignoreNotFound);
  }
}
