/**
 * What can be configured: one table for the file, the environment, the permissions and the help. Pure.
 *
 * @module
 */

import { type Flag, isJobFlag, type JobFlag } from "../line/flag.ts";
import { RUN_FLAGS } from "../line/run_flags.ts";

/** Where a host's configuration is; its exact path stands in the permissions. */
export const CONFIG_FILE = "/etc/berth/config.json";

/** Something that a host can configure. */
export interface Setting {
  /** Its name in the file. */
  readonly key: string;
  /** Its name in the environment; it stands in the permissions. */
  readonly variable: string;
  /** The flag of `berth run` whose default it is; the state folder has none. */
  readonly flag?: JobFlag;
}

/** The folder that everything of berth is in. */
export const STATE_FOLDER: Setting = settingOf("state");

/** All of them, in the order of the help. */
export const SETTINGS: readonly Setting[] = [
  STATE_FOLDER,
  ...RUN_FLAGS.filter(isJobFlag).filter(({ setting }) => setting).map((flag) => settingOf(flag.name, flag)),
];

/** A command whose flags a host may configure. */
export interface Configurable {
  /** Its name, without `berth`. */
  readonly name: string;
  readonly flags: readonly Flag[];
}

/** The settings that are among the flags of a command. */
export function settingsOf(flags: readonly Flag[]): readonly Setting[] {
  return SETTINGS.filter(({ flag }) => flags.some(({ name, setting }) => setting && name === flag?.name));
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

function settingOf(name: string, flag?: JobFlag): Setting {
  return {
    key: name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase()),
    variable: `BERTH_${name.toUpperCase().replaceAll("-", "_")}`,
    flag,
  };
}
