/**
 * What the host has the agent source: fragments of its shell that carry exact words, a line of printable ASCII each. Pure.
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

/** Word of the agent's shell that stands for exactly this text, without a character that a line or a shell may trip over. */
export function quoteAscii(text: string): string {
  if (/^[ -~]*$/.test(text)) return quoteWord(text);
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, "0")}`;
  const isPlain = (byte: number) => byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH;
  const bytes = [...new TextEncoder().encode(text)];
  return `$'${bytes.map((byte) => isPlain(byte) ? String.fromCharCode(byte) : octal(byte)).join("")}'`;
}

const [QUOTE, BACKSLASH] = [0x27, 0x5c];

function quoteWords(words: readonly string[]): string {
  return words.map(quoteAscii).join(" ");
}

/** The fragment of an `exec` request: see agent.sh and exec.sh, which use it. */
export function execFragment(request: ExecRequest): string {
  const env = Object.entries(request.env).map(([name, value]) => quoteAscii(`${name}=${value}`));
  // These come from the guest, unless the request has one.
  const own = ["HOME=$home", "HOSTNAME=$hostname"].filter((word) => !Object.hasOwn(request.env, word.split("=")[0]));
  const variables = [...own.map((word) => `"${word}"`), ...env].join(" ");
  const volumes = request.volumes.map(({ serial, mountPoint, state }) =>
    `"$@" ${serial} ${quoteAscii(mountPoint)} ${state};`
  );
  return [
    `user=${quoteAscii(request.user)}`,
    `workdir=${quoteAscii(request.workdir)}`,
    `hostname=${quoteAscii(request.hostname)}`,
    `stdin=${request.stdin ? "yes" : ""}`,
    `clock=${request.clockSeconds}`,
    `path=${quoteAscii(request.env.PATH ?? "")}`,
    // The empty word is their end.
    `with_env() { become_program ${variables} '' "$@"; }`,
    `with_argv() { "$@" ${quoteWords(request.argv)}; }`,
    `with_volumes() { ${volumes.join(" ")} :; }`,
  ].join("; ");
}

/** The fragment of a `collect` request. */
export function collectFragment(paths: readonly string[]): string {
  return `set -- ${quoteWords(paths)}`;
}
