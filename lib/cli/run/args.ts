/**
 * The command line of `berth run`, understood. Pure.
 *
 * @module
 */

import type { RunRequest } from "../../app/run.ts";
import { BerthError } from "../../base/errors.ts";
import { parseCount, parseDuration, parseSize } from "../../base/units.ts";
import { DEFAULT_IMAGE } from "../../image/names.ts";
import { DEFAULT_PIDS_MAX, DEFAULT_UID_RANGE, type Need } from "../../job/spec.ts";
import { type EnvArgs, parseEnvArgs } from "./env_args.ts";
import { RUN_FLAGS } from "../line/flags.ts";
import { parseGroupSpec } from "./limit_args.ts";
import { parseFlags } from "../line/parse.ts";
import { choice, optional, parseMemory, parsePids, parseUidRange, parseUser } from "../line/values.ts";
import { parseDiskArgs } from "./volume_args.ts";

/** What the user asks for: the job, and the paths of the host that it concerns. */
export interface RunArgs extends RunRequest {
  /** The whole environment of the job, still to be looked up. */
  readonly env: EnvArgs;
  readonly workspace?: string;
  /** The folders of the artifacts, in the order of `spec.artifacts`. */
  readonly artifactFolders: readonly string[];
  readonly report?: string;
  readonly quiet: boolean;
}

/** @param hostMemoryBytes what a guest can have at most. @throws {BerthError} `usage.*`. */
export function parseRunArgs(argv: readonly string[], hostMemoryBytes: number): RunArgs {
  const flags = parseFlags(argv, RUN_FLAGS);
  if (flags.rest[0] === "") throw new BerthError("usage.command", "berth run: the command is empty");
  const artifacts = flags.values("artifact").map(parseArtifact);
  const image = flags.value("image") ?? DEFAULT_IMAGE;
  const memoryBytes = optional(flags.value("memory"), (text) => parseGuestMemory(text, hostMemoryBytes));
  const group = parseGroupSpec(flags);
  const { disks, volumePaths } = parseDiskArgs(flags);
  const { memoryHighBytes } = group.groupLimits;
  if (memoryHighBytes !== undefined && memoryBytes !== undefined && memoryHighBytes < memoryBytes) {
    // Such a VM would be slowed down before its guest has its memory.
    const [high, memory] = [flags.value("memory-high"), flags.value("memory")];
    throw new BerthError("usage.value", `--memory-high: ${high} is less than the guest has (--memory ${memory})`);
  }
  return {
    spec: {
      argv: flags.rest,
      // The front process looks it up.
      env: {},
      workdir: optional(flags.value("workdir"), (text) => absolute(text, "--workdir")),
      user: optional(flags.value("user"), parseUser) ?? "",
      stdin: flags.has("stdin"),
      name: optional(flags.value("name"), parseName),
      workspace: flags.value("workspace") !== undefined,
      artifacts: artifacts.map(({ guest }) => guest),
      ...disks,
      memoryBytes,
      cpus: optional(flags.value("cpus"), (text) => parseCount(text, "--cpus", 1, 64)),
      pidsMax: optional(flags.value("pids"), (text) => parsePids(text, "--pids")) ?? DEFAULT_PIDS_MAX,
      timeoutMs: optional(flags.value("timeout"), (text) => parseDuration(text, "--timeout")),
      bootTimeoutMs: optional(flags.value("boot-timeout"), (text) => parseDuration(text, "--boot-timeout")),
      drain: flags.value("drain"),
      drainTimeoutMs: optional(flags.value("drain-timeout"), (text) => parseDuration(text, "--drain-timeout")),
      cancelTimeoutMs: optional(flags.value("cancel-timeout"), (text) => parseDuration(text, "--cancel-timeout")),
      logLimitBytes: optional(flags.value("log-limit"), (text) => parseSize(text, "--log-limit")),
      accel: choice(flags, "accel", ["auto", "kvm", "tcg"] as const),
      ...group,
      jail: flags.value("jail") === undefined ? undefined : choice<Need>(flags, "jail", ["auto", "require", "off"]),
      uidRange: optional(flags.value("uid-range"), parseUidRange) ?? DEFAULT_UID_RANGE,
    },
    env: parseEnvArgs(flags),
    image: /^[./]|\//.test(image) ? { folder: image } : { name: image },
    workspace: flags.value("workspace"),
    artifactFolders: artifacts.map(({ folder }) => folder),
    volumePaths,
    report: flags.value("report"),
    quiet: flags.has("quiet"),
  };
}

function parseGuestMemory(text: string, hostBytes: number): number {
  const bytes = parseMemory(text, "--memory");
  if (bytes <= hostBytes) return bytes;
  const most = Math.floor(hostBytes / 1024 ** 2);
  throw new BerthError("usage.value", `--memory: ${text} is more than this host has; give it ${most}M at most`);
}

function parseArtifact(text: string): { guest: string; folder: string } {
  // The last =, as a guest's path may have one and a folder's seldom does.
  const equals = text.lastIndexOf("=");
  if (equals < 1 || equals === text.length - 1) {
    throw new BerthError("usage.value", `--artifact: "${text}" names no two places; write GUEST=DIR`);
  }
  return { guest: absolute(text.slice(0, equals), "--artifact"), folder: text.slice(equals + 1) };
}

function absolute(path: string, flag: string): string {
  if (path.startsWith("/")) return path;
  throw new BerthError("usage.value", `${flag}: "${path}" is not an absolute path in the guest; begin it with /`);
}

function parseName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw new BerthError("usage.value", `--name: "${text}" is not a name; use up to 64 letters, digits and . _ -`);
}
