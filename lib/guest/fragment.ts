/**
 * What the host sends inside the agent's base64: fragments of POSIX shell that carry exact words. Pure.
 *
 * @module
 */

import { quoteWord } from "../base/quote.ts";

/** A disk that the agent mounts for the job. */
export interface GuestVolume {
  readonly serial: string;
  /** An absolute path in the job's root. */
  readonly mountPoint: string;
  /** See volumes.sh. */
  readonly state: "ro" | "rw" | "copied" | "copied-ro" | "fresh";
}

/** One job, as the agent starts it. */
export interface ExecRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Made when it is not there. */
  readonly workdir: string;
  /** The guest's name. */
  readonly hostname: string;
  /** `NAME` or `UID`, or nothing for root, and optionally `:GROUP` or `:GID`. */
  readonly user: string;
  readonly stdin: boolean;
  /** The host's time, in seconds since 1970. */
  readonly clockSeconds: number;
  /** In the order in which they are mounted. */
  readonly volumes: readonly GuestVolume[];
}

function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

/** The fragment of an `exec` request: see agent.sh and exec.sh, which use it. */
export function execFragment(request: ExecRequest): string {
  const env = Object.entries(request.env).map(([name, value]) => `${name}=${value}`);
  const volumes = request.volumes.map(({ serial, mountPoint, state }) =>
    `"$@" ${serial} ${quoteWord(mountPoint)} ${state};`
  );
  return [
    `user=${quoteWord(request.user)}`,
    `workdir=${quoteWord(request.workdir)}`,
    `hostname=${quoteWord(request.hostname)}`,
    `stdin=${request.stdin ? "yes" : ""}`,
    `clock=${request.clockSeconds}`,
    `path=${quoteWord(request.env.PATH ?? "")}`,
    // HOME comes from the image's user database, unless the request has one: the last of a name counts.
    `with_env() { exec_as_user env -i "HOME=$home" "HOSTNAME=$hostname" ${quoteWords(env)} "$@"; }`,
    `with_argv() { "$@" ${quoteWords(request.argv)}; }`,
    `with_volumes() { ${volumes.join(" ")} :; }`,
    "",
  ].join("\n");
}

/** The fragment of a `collect` request. */
export function collectFragment(paths: readonly string[]): string {
  return `set -- ${quoteWords(paths)}\n`;
}

/** Text → base64 of its UTF-8. */
export function encodeFragment(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
