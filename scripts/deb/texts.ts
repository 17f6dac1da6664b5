/**
 * The texts that the package is made of, beside those that are always the same. Pure.
 *
 * @module
 */

import { COMMANDS } from "../../lib/cli/commands.ts";
import { SHELLS } from "../../lib/cli/completions/completions.ts";
import { loadTree } from "../../lib/cli/line/command_tree.ts";
import { HOST_PROGRAMS } from "../../lib/host/programs.ts";
import { planUnits, type UnitPlan } from "../../lib/host/systemd/units.ts";
import { changelog, type Release, sourceControl } from "./control.ts";
import { manPages } from "./man/pages.ts";

/** For the oldest systemd that the package is for: Debian 12. */
const PACKAGED: UnitPlan = { binary: "/usr/bin/berth", systemd: 252, stateDir: "/var/lib/berth" };

/** By their paths, as build.sh looks for them. */
export async function packageTexts(release: Release): Promise<Map<string, string>> {
  const root = await loadTree(COMMANDS);
  const date = new Date(release.atSeconds * 1000).toISOString().slice(0, 10);
  return new Map([
    ...Object.entries(SHELLS).map(([shell, script]) => [`berth.${shell}`, script(root)] as const),
    ...[...manPages(root, release.version, date)].map(([file, text]) => [`man/${file}`, text] as const),
    ["debian/control", sourceControl(HOST_PROGRAMS)],
    ["debian/changelog", changelog(release)],
    ...planUnits(PACKAGED).map(({ name, text }) => [name, text] as const),
  ]);
}
