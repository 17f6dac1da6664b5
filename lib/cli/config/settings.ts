/**
 * What can be configured: one table for the file, the environment, the permissions and the help. Pure.
 *
 * @module
 */

import { type Flag, RUN_FLAGS } from "../line/flags.ts";

/** Where a host's configuration is; its exact path stands in the permissions. */
export const CONFIG_FILE = "/etc/berth/config.json";

/** Something that a host can configure. */
export interface Setting {
  /** Its name in the file. */
  readonly key: string;
  /** Its name in the environment; it stands in the permissions. */
  readonly variable: string;
  /** The flag of `berth run` whose default it is; the state folder has none. */
  readonly flag?: Flag;
}

/** Flags whose default may be a host's policy. The others say what one job is, or give it something of the host's. */
const CONFIGURABLE = [
  ...["image", "memory", "cpus", "pids", "memory-high", "swap", "cpu-quota", "cpu-weight", "io-weight", "io-max"],
  ...["cpuset", "cpuset-mems", "timeout", "boot-timeout", "drain-timeout", "cancel-timeout", "scratch", "disk"],
  ...["min-free", "log-limit", "accel", "limits", "tenant-memory", "tenant-swap", "tenant-pids", "tenant-cpu-quota"],
  ...["cgroup-parent", "cgroup-driver", "supervisor-memory", "jail", "uid-range"],
];

/** The folder that everything of berth is in. */
export const STATE_FOLDER: Setting = settingOf("state");

/** All of them, in the order of the help. */
export const SETTINGS: readonly Setting[] = [
  STATE_FOLDER,
  ...RUN_FLAGS.filter(({ name }) => CONFIGURABLE.includes(name)).map((flag) => settingOf(flag.name, flag)),
];

/** Other commands than `berth run` that have a flag of the same meaning. */
const ALSO_OF: Readonly<Record<string, readonly string[]>> = {
  gc: ["cgroup-parent"],
  doctor: ["cgroup-parent", "uid-range"],
  "image build": ["min-free"],
  "image import": ["min-free", "uid-range"],
};

/** The settings that are flags of a command, named without `berth`. */
export function settingsOf(command: string): readonly Setting[] {
  const names = command === "run" ? CONFIGURABLE : ALSO_OF[command] ?? [];
  return SETTINGS.filter(({ flag }) => flag && names.includes(flag.name));
}

/** What one place configures; a value is the text that the flag takes, and only a flag that repeats has several. */
export interface Layer {
  readonly place: "file" | "environment";
  readonly values: ReadonlyMap<Setting, readonly string[]>;
}

/** What a setting is called where it stands. */
export function nameIn({ place }: Layer, { key, variable }: Setting): string {
  return place === "file" ? key : variable;
}

/** The same for a message that does not begin with the place. */
export function fullName(layer: Layer, setting: Setting): string {
  return layer.place === "file" ? `${setting.key} of ${CONFIG_FILE}` : setting.variable;
}

/** The words of a command line that a setting is. */
export function flagWords({ flag }: Setting, values: readonly string[]): string[] {
  // One word each: a value may begin with a dash.
  return flag ? values.map((value) => `--${flag.name}=${value}`) : [];
}

/** What the environment configures. @param variables those that are set. */
export function environmentLayer(variables: ReadonlyMap<string, string>): Layer {
  const values = SETTINGS.flatMap((setting) => {
    const text = variables.get(setting.variable);
    // An empty variable is none, as ever with BERTH_STATE: it is how a unit or a CI system takes one back.
    if (!text) return [];
    return [[setting, setting.flag?.repeats ? text.split(/\s+/).filter((word) => word) : [text]] as const];
  });
  return { place: "environment", values: new Map(values) };
}

function settingOf(name: string, flag?: Flag): Setting {
  return {
    key: name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase()),
    variable: `BERTH_${name.toUpperCase().replaceAll("-", "_")}`,
    flag,
  };
}
