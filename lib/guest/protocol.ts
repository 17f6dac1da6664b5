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

/** The line by which a connection says whose it is. */
export interface Hello {
  readonly token: string;
  readonly role: string;
}

/** What a guest says that has come up, and is nobody's yet. */
export interface Ready {
  readonly nonce: string;
  /** Its state is none that other guests may go on from. */
  readonly isUnfit: boolean;
}

/** Parses it; undefined for anything else. */
export function parseReady(line: string): Ready | undefined {
  const match = /^ready ([0-9a-z]{26})( unfit)?$/.exec(line);
  return match ? { nonce: match[1], isUnfit: match[2] !== undefined } : undefined;
}

/** The line that asks who they are those that are ready with a nonce. */
export function whoLine(nonce: string): string {
  return `who ${nonce}\n`;
}

/** Parses a hello; undefined for anything else. */
export function parseHello(line: string): Hello | undefined {
  const match = /^hello ([0-9a-z]{26}) (agent|stdin)$/.exec(line);
  return match ? { token: match[1], role: match[2] } : undefined;
}

/** What the agent says of a lane; 0 is the main one. */
export interface LaneMessage {
  readonly lane: number;
  readonly message: AgentMessage;
}

/** What is said of a command. The main lane is also asked for other things. */
const OF_COMMANDS: readonly AgentMessage["kind"][] = ["started", "exited", "refused", "error"];

/** Parses one of the agent's lines. @param lanes how many the guest has. @throws {BerthError} `guest.protocol`. */
export function parseLaneMessage(line: string, lanes: number): LaneMessage {
  const [, digits, words] = /^lane ([1-9]\d{0,2}) (.*)$/.exec(line) ?? [];
  const message = parseMessage(words ?? line);
  if (words === undefined) return { lane: 0, message };
  if (!OF_COMMANDS.includes(message.kind) || Number(digits) >= lanes) throw unknownWords(line);
  return { lane: Number(digits), message };
}

/** Parses what one of the agent's lines says, whatever the lane. @throws {BerthError} `guest.protocol`. */
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
  throw unknownWords(line);
}

function unknownWords(line: string): BerthError {
  return new BerthError("guest.protocol", `the guest's agent said "${printable(line.slice(0, 80))}"`);
}

function decodeText(base64: string): string | undefined {
  try {
    return printable(readable(bytesToText(Uint8Array.fromBase64(base64))));
  } catch {
    return undefined;
  }
}
