/**
 * The agent's lines (see agent/init.sh). What comes from a guest is not trusted: anything that is not exactly a known
 * line is an error. Pure.
 *
 * @module
 */

import { bytesToText, printable, readable } from "../base/bytes_text.ts";
import { BerthError } from "../base/errors.ts";

/** How long a line of the agent may be. The longest is an error with its base64. */
export const LINE_LIMIT_BYTES = 8192;

/** What the agent says. */
export type AgentMessage =
  | { readonly kind: "started" }
  | { readonly kind: "exited"; readonly code?: number; readonly signal?: number; readonly oomKills: number }
  /** The command can't be run: 127 not found, 126 not executable, 125 the working directory is not there. */
  | { readonly kind: "refused"; readonly status: 125 | 126 | 127; readonly why?: string }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "collected" }
  /** What the caches have is on their disks. */
  | { readonly kind: "flushed" }
  | { readonly kind: "missing"; readonly index: number }
  /** What tar says of something that is not in the archive. */
  | { readonly kind: "left"; readonly text: string };

/** The first line of every connection. */
export interface Hello {
  readonly token: string;
  readonly role: string;
}

/** Parses the first line of a connection; undefined for anything else than a hello. */
export function parseHello(line: string): Hello | undefined {
  const match = /^hello ([0-9a-z]{26}) (agent|stdin)$/.exec(line);
  return match ? { token: match[1], role: match[2] } : undefined;
}

/** Parses one of the agent's lines. @throws {BerthError} `guest.protocol`. */
export function parseMessage(line: string): AgentMessage {
  const [verb, ...words] = line.split(" ");
  const rest = words.join(" ");
  if (line === "started" || line === "collected" || line === "flushed") return { kind: line };
  if (verb === "exited") {
    const match = /^(code|signal) (\d{1,3}) (\d{1,9})$/.exec(rest);
    if (match && Number(match[2]) <= (match[1] === "code" ? 255 : 64)) {
      return { kind: "exited", [match[1]]: Number(match[2]), oomKills: Number(match[3]) };
    }
  }
  if (verb === "refused" && words.length <= 2 && /^12[567]$/.test(words[0])) {
    const status = Number(words[0]) as 125 | 126 | 127;
    if (words.length === 1) return { kind: "refused", status };
    const why = decodeText(words[1]);
    if (why) return { kind: "refused", status, why };
  }
  if (verb === "missing" && /^\d{1,3}$/.test(rest)) return { kind: "missing", index: Number(rest) };
  if (verb === "error" || verb === "left") {
    const text = decodeText(rest);
    if (text !== undefined) return { kind: verb, text };
  }
  throw new BerthError("guest.protocol", `the guest's agent said "${printable(line.slice(0, 80))}"`);
}

function decodeText(base64: string): string | undefined {
  try {
    return printable(readable(bytesToText(Uint8Array.fromBase64(base64))));
  } catch {
    return undefined;
  }
}
