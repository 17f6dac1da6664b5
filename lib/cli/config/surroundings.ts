/**
 * What berth takes from the process it is: the only place that reads the environment.
 *
 * @module
 */

// @ts-types="../../base/types/path.d.ts"
import { fromFileUrl } from "@std/path";
import { BerthError } from "../../base/errors.ts";
import { HOST_PATH } from "../../host/programs.ts";
import { STATE_FOLDER } from "./settings.ts";

/** The project's folder. */
const SOURCES = fromFileUrl(import.meta.resolve("../../..")).replace(/\/$/, "");

/** The surroundings of one call. */
export interface Surroundings {
  readonly uid: number;
  readonly isRoot: boolean;
  /** Where images and jobs are kept, as a path of the host. */
  readonly stateDir: string;
  readonly hostMemoryBytes: number;
  /** The command that runs this program again. */
  readonly self: readonly string[];
  /** Where that is, and what it reads to begin. */
  readonly shown: readonly string[];
  /** What the host process inherits, and nothing else. */
  readonly hostEnv: Readonly<Record<string, string>>;
}

/** Names that are passed on where they are set: the proxies for builds, and what Deno itself needs to run from source. */
const PASSED_ON = ["HOME", "DENO_DIR", "XDG_CACHE_HOME", "NO_COLOR", "http_proxy", "https_proxy", "no_proxy"];

/**
 * Reads them.
 *
 * @param mainModule the URL of main.ts, for running from source.
 * @param configuredState the state folder that the host's configuration names.
 */
export function readSurroundings(mainModule: string, configuredState?: string): Surroundings {
  const uid = Deno.uid() ?? 0;
  const isRoot = uid === 0;
  const stateDir = Deno.env.get(STATE_FOLDER.variable) || configuredState ||
    defaultState(isRoot, readVariables(["HOME", "XDG_DATA_HOME"]));
  return {
    uid,
    isRoot,
    stateDir,
    hostMemoryBytes: Deno.systemMemoryInfo().total,
    self: ownCommand(mainModule),
    shown: Deno.build.standalone ? [Deno.execPath()] : [Deno.execPath(), SOURCES, ...denoFolder()],
    hostEnv: { ...Object.fromEntries(readVariables(PASSED_ON)), PATH: HOST_PATH, [STATE_FOLDER.variable]: stateDir },
  };
}

/** The service manager, as it has introduced itself to the process that it started. */
export interface ServiceManager {
  /** Where it listens; undefined when nobody wants to know. */
  readonly socket?: string;
  /** It wants to hear from us that often; undefined when it does not watch. */
  readonly watchdogMs?: number;
}

/** Reads it: sd_notify(3), sd_watchdog_enabled(3). */
export function readServiceManager(): ServiceManager {
  const told = readVariables(["NOTIFY_SOCKET", "WATCHDOG_USEC"]);
  const watchdogMs = Number(told.get("WATCHDOG_USEC")) / 1000;
  return { socket: told.get("NOTIFY_SOCKET"), watchdogMs: watchdogMs >= 1 ? watchdogMs : undefined };
}

/** Those of these variables that are set. */
export function readVariables(names: readonly string[]): Map<string, string> {
  return new Map(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value] as const];
  }));
}

/** Where everything of berth is when nobody has said so. Pure. @throws {BerthError} `host.state`. */
export function defaultState(isRoot: boolean, variables: ReadonlyMap<string, string>): string {
  if (isRoot) return "/var/lib/berth";
  const home = variables.get("HOME");
  const data = variables.get("XDG_DATA_HOME") || (home && `${home}/.local/share`);
  if (data) return `${data}/berth`;
  // No place that is everybody's will do: whoever is there first would give guests their kernel.
  throw new BerthError("host.state", "there is no place for berth's own folder: neither HOME nor BERTH_STATE is set");
}

/** Deno's own cache, with the modules that are not berth's: see `deno info`. */
function denoFolder(): string[] {
  const variables = readVariables(["DENO_DIR", "XDG_CACHE_HOME", "HOME"]);
  const cache = variables.get("XDG_CACHE_HOME") || variables.has("HOME") && `${variables.get("HOME")}/.cache`;
  const folder = variables.get("DENO_DIR") || cache && `${cache}/deno`;
  return folder ? [folder] : [];
}

function ownCommand(mainModule: string): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  return [Deno.execPath(), "run", "--quiet", "--no-prompt", "--permission-set=berth", fromFileUrl(mainModule)];
}
