/**
 * What a front process can't read of its caller by itself: single variables of its environment, its arguments byte for
 * byte, and files that the caller names. A shell reads them, as the caller's own user, and prints what was asked for and
 * no more; /proc has both as they were when the process was started.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { HOST_PATH } from "./programs.ts";

/** What a name must be to be looked up, as in a shell. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** True for a text that can be the name of a variable of the caller's. */
export function isVariableName(text: string): boolean {
  return NAME.test(text);
}

/** Values of those of these variables of the caller's that are set, byte for byte. */
export async function readCallerVariables(names: readonly string[]): Promise<Map<string, Uint8Array>> {
  if (names.length === 0) return new Map();
  const pattern = `^(${names.join("|")})=`;
  // A value may have lines that look like it, too.
  const { stdout } = await ask('exec grep -zaE "$1" "/proc/$PPID/environ"', [pattern]);
  const values = splitAtNul(stdout).flatMap((entry): [string, Uint8Array][] => {
    const equals = entry.indexOf(EQUALS);
    const name = decode(entry.subarray(0, equals));
    return names.includes(name) ? [[name, entry.subarray(equals + 1)]] : [];
  });
  // The first one of a name counts, as for getenv(3).
  return new Map(values.reverse());
}

/** Bytes of a file that the caller can read, whatever it is. @throws {Error} with the reason. */
export async function readCallerFile(path: string, mostBytes: number): Promise<Uint8Array> {
  const { success, stdout, stderr } = await ask('exec head -c "$1" -- "$2"', [String(mostBytes + 1), path], "inherit");
  if (!success) throw new Error(decode(stderr).trim().split(": ").at(-1));
  if (stdout.length > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
  return stdout;
}

/** What one of the caller's descriptors is good for; `closed` is that there is none of this number. */
export async function readCallerDescriptor(number: number): Promise<"writable" | "unwritable" | "closed"> {
  const { success, stdout } = await ask('exec cat "/proc/self/fdinfo/$1" 2>/dev/null', [String(number)]);
  if (!success) return "closed";
  const flags = parseInt(/^flags:\s*(\d+)$/m.exec(decode(stdout))![1], 8);
  return (flags & O_ACCMODE) === O_RDONLY || flags & O_PATH ? "unwritable" : "writable";
}

/** Flags of open(2). */
const [O_ACCMODE, O_RDONLY, O_PATH] = [0o3, 0o0, 0o10000000];

/**
 * Refuses arguments that are not UTF-8. It is for those with U+FFFD in them, which is what a program gets in the place
 * of bytes that are no text.
 *
 * @throws {BerthError} `usage.value` when one of these arguments of berth is not what its caller gave.
 */
export async function expectArgumentsAsGiven(argv: readonly string[]): Promise<void> {
  const { stdout } = await ask('exec cat "/proc/$PPID/cmdline"', []);
  const given = splitAtNul(stdout).slice(-argv.length);
  const broken = given.findIndex((bytes) => !isText(bytes));
  if (broken < 0) return;
  throw new BerthError(
    "usage.value",
    `the argument ${quoted(given[broken])} is not UTF-8, and could not be handed on as it is`,
  );
}

const EQUALS = "=".charCodeAt(0);

/** The argument for a message; what stands behind a = may be a secret. */
function quoted(bytes: Uint8Array): string {
  const equals = bytes.lastIndexOf(EQUALS);
  const shown = Array.from(
    bytes.subarray(0, equals + 1 || bytes.length),
    (byte) => byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${shown.join("")}${equals < 0 ? "" : "…"}"`;
}

function splitAtNul(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return parts;
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

async function ask(
  script: string,
  args: readonly string[],
  stdin: "null" | "inherit" = "null",
): Promise<Deno.CommandOutput> {
  const env = { PATH: HOST_PATH, LC_ALL: "C" };
  return await new Deno.Command("sh", { args: ["-c", script, "sh", ...args], clearEnv: true, env, stdin }).output();
}
