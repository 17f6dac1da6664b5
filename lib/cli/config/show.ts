/**
 * `berth config show`: every setting, its value, and where that is from.
 *
 * @module
 */

import { writeDuration, writeSize } from "../../base/units.ts";
import { DEFAULT_WEIGHT } from "../../cgroup/defaults.ts";
import { DEFAULTS } from "../../job/request/request.ts";
import { BOOT_TIMEOUT_MS, CANCEL_TIMEOUT_MS, DRAIN_TIMEOUT_MS } from "../../job/times.ts";
import { readLayers } from "./configured.ts";
import { CONFIG_FILE, type Layer, type Setting, SETTINGS } from "./settings.ts";
import { toJson } from "../terminal/json.ts";
import { formatTable } from "../terminal/table.ts";

/** A line of the table. */
export interface Shown {
  readonly key: string;
  /** As the flag takes it; null when nothing fixes it, or there is none. */
  readonly value: string | readonly string[] | null;
  /** `default`, the file's path, or the name of the variable. */
  readonly from: string;
  /** What it means that there is no value. */
  readonly note?: string;
}

/** Prints them. */
export async function showConfiguration(json: boolean, stateDir: string): Promise<void> {
  const shown = planShown(await readLayers(), stateDir);
  console.log(json ? renderJson(shown) : renderTable(shown).join("\n"));
}

/** All settings, in their order. Pure. @param layers what counts most stands first. @param stateDir the one in use. */
export function planShown(layers: readonly Layer[], stateDir: string): Shown[] {
  const defaults = planDefaults(stateDir);
  return SETTINGS.map((setting) => {
    const layer = layers.find(({ values }) => values.has(setting));
    if (!layer) return { key: setting.key, ...defaultOf(setting, defaults) };
    const values = layer.values.get(setting)!;
    const from = layer.place === "file" ? CONFIG_FILE : setting.variable;
    return { key: setting.key, value: setting.flag?.repeats ? values : values[0], from };
  });
}

interface Defaults {
  readonly values: Readonly<Record<string, string>>;
  readonly notes: Readonly<Record<string, string>>;
}

/** What counts when nothing is configured: a request's defaults, and what a plan makes of what is not said. */
function planDefaults(stateDir: string): Defaults {
  const { image, accel, start, limits, cgroupDriver, cgroupParent, pids, uidRange, diskBytes, minFreeBytes } = DEFAULTS;
  const [byImage, byKernel] = ["the image's own", `the kernel's, ${DEFAULT_WEIGHT}`];
  return {
    values: {
      ...{ state: stateDir, image, accel, start, limits, cgroupDriver, cgroupParent, pids: String(pids) },
      uidRange: `${uidRange.first}-${uidRange.last}`,
      disk: writeSize(diskBytes),
      minFree: writeSize(minFreeBytes),
      drainTimeout: writeDuration(DRAIN_TIMEOUT_MS),
      cancelTimeout: writeDuration(CANCEL_TIMEOUT_MS),
    },
    notes: {
      ...{ memory: byImage, cpus: byImage, cpuWeight: byKernel, ioWeight: byKernel, cpuset: "all", cpusetMems: "all" },
      timeout: "never",
      bootTimeout: `${writeDuration(BOOT_TIMEOUT_MS.kvm)}, emulated ${writeDuration(BOOT_TIMEOUT_MS.tcg)}`,
      jail: "require for root, else auto",
      scratch: "in the guest's memory",
    },
  };
}

function defaultOf({ key }: Setting, { values, notes }: Defaults): Omit<Shown, "key"> {
  const from = "default";
  return key in values ? { value: values[key], from } : { value: null, from, note: notes[key] ?? "no limit" };
}

/** The table for people. Pure. */
export function renderTable(shown: readonly Shown[]): string[] {
  const rows = shown.map((
    { key, value, note = "", from },
  ) => [key, value === null ? note : [value].flat().join(" "), from]);
  return formatTable([["KEY", "VALUE", "FROM"], ...rows]);
}

/** The same for programs, by key. Pure. */
export function renderJson(shown: readonly Shown[]): string {
  return toJson(Object.fromEntries(shown.map(({ key, ...rest }) => [key, rest])), 2);
}
