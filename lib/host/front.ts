/**
 * The front process: it knows paths only. It starts the host process behind its windows, passes signals on, and ends
 * with its exit status.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { statusOfSignal } from "../base/exit_status.ts";
import cgroupWindowsScript from "./cgroup_windows.sh" with { type: "text" };
import frontScript from "./front.sh" with { type: "text" };
import type { CommandLine } from "./permissions.ts";
import { sendInput } from "./input.ts";
import relayScript from "./relay.sh" with { type: "text" };
import { encodeRequest } from "./request.ts";
import rootScript from "./root.sh" with { type: "text" };
import walkScript from "./walk.sh" with { type: "text" };
import windowsScript from "./windows.sh" with { type: "text" };
import { HOST_FACTS, ROOT, STATE, type Window } from "./windows.ts";

/** By its path: the caller of the front process may have no PATH. */
export const SETSID = "/usr/bin/setsid";

/** What the front process needs to know of its surroundings; read in `cli`. */
export interface FrontOptions {
  /** The command that runs this program again. */
  readonly self: readonly string[];
  readonly args: readonly string[];
  /** What it is to do beside that, as JSON: it stands at the beginning of its standard input. */
  readonly request?: unknown;
  /** Opens the job's input, which goes behind the request when the host process wants it; absent: there is none. */
  readonly stdin?: () => AsyncIterable<Uint8Array>;
  /** Where this program, and what runs it, is: the host process has it under the same paths. */
  readonly shown: readonly string[];
  readonly stateDir: string;
  /** For who only looks: the state folder is not made, and can't be written. */
  readonly looksOnly?: boolean;
  readonly windows: readonly Window[];
  /** What the host process can't do without, beside what makes windows. */
  readonly programs?: readonly string[];
  /** The whole environment of the host process. */
  readonly env: Readonly<Record<string, string>>;
  readonly isRoot: boolean;
}

/** What is passed on, and the status of a host process that it ended. */
const STOPPED: Partial<Record<Deno.Signal, number>> = {
  SIGHUP: statusOfSignal(1),
  SIGINT: statusOfSignal(2),
  SIGTERM: statusOfSignal(15),
};

/** What makes windows. */
const WINDOW_PROGRAMS = ["unshare", "mount", "pivot_root", "setpriv", "findmnt", "stat"];

/** What the host process of a job can't do without beside that. */
export const JOB_PROGRAMS: readonly string[] = ["busybox", "qemu-system-x86_64"];

/** The command line of the host process, windows included. Pure. @param pid the front process's id. */
export function planFront(options: FrontOptions, pid: number): CommandLine {
  const mode = options.looksOnly ? "optional" : "state";
  const windows: Window[] = [{ mode, target: STATE, source: options.stateDir }, ...options.windows];
  const shown = options.shown.map((source): Window => ({ mode: "here", target: HOST_FACTS, source }));
  const triples = [...shown, ...windows].flatMap(({ mode, target, source }) => [
    mode,
    target.slice(ROOT.length + 1),
    // A path is never taken for an option.
    source.startsWith("-") ? `./${source}` : source,
  ]);
  const namespaces = options.isRoot ? "--mount" : "--user --map-root-user --mount";
  // A session of its own: a Ctrl-C at the terminal reaches the front process only, which passes it on, once.
  const script = `${cgroupWindowsScript}\n${rootScript}\n${walkScript}\n${relayScript}\n${windowsScript}`;
  const shell = ["sh", "-c", script, "berth-windows", String(pid), ...triples, "--", ...options.self, ...options.args];
  const ask = windows.some(({ mode }) => mode === "cgroup") ? "ask" : "-";
  const programs = [...WINDOW_PROGRAMS, ...options.programs ?? []].join(" ");
  const handed = windows.find(({ mode }) => mode === "descriptor")?.source ?? "-";
  return [SETSID, "sh", "-c", frontScript, "berth-front", namespaces, ask, programs, handed, ...shell];
}

/** Runs the host process and returns its exit status. */
export async function runFront(options: FrontOptions): Promise<number> {
  const [command, ...args] = planFront(options, Deno.pid);
  const asked = options.request === undefined ? undefined : encodeRequest(options.request);
  const child = start(command, { args, clearEnv: true, env: options.env, stdin: asked ? "piped" : "inherit" });
  if (asked) void feed(child.stdin, asked, options.stdin);
  // Not before: what the caller had ignored is so in the child only as long as nobody has listened for it. Of a signal
  // that comes in between, this process ends, and the child with it.
  const listeners = (Object.keys(STOPPED) as Deno.Signal[]).map((signal) => {
    const listener = () => forward(child, signal);
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  try {
    const status = await child.status;
    if (!status.signal) return status.code;
    // It was asked to stop before it could listen; anything else is not the job's end, but berth's.
    if (status.signal in STOPPED) return STOPPED[status.signal]!;
    throw new BerthError("host.window", `the host process was ended by ${status.signal}`);
  } finally {
    for (const remove of listeners) remove();
  }
}

/** Sends the request, and the job's input behind it. What can't be sent is no matter: who should read it has ended. */
async function feed(
  stdin: WritableStream<Uint8Array>,
  request: Uint8Array<ArrayBuffer>,
  input: FrontOptions["stdin"],
): Promise<void> {
  try {
    const writer = stdin.getWriter();
    await writer.write(request);
    if (input) await sendInput(writer, input);
    await writer.close();
  } catch {
    // How the host process has ended tells more.
  }
}

/** How a host process ended that nobody talks to, and what it said. */
export interface HostOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a host process that is to tell something, at most `timeoutMs`; then it is killed.
 *
 * @param stop has it told to end.
 */
export async function captureFront(options: FrontOptions, timeoutMs: number, stop?: AbortSignal): Promise<HostOutcome> {
  const [command, ...args] = planFront(options, Deno.pid);
  const env = { ...options.env };
  const piped = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const child = start(command, { args, clearEnv: true, env, ...piped });
  const timer = setTimeout(() => forward(child, "SIGKILL"), timeoutMs);
  const end = () => forward(child, "SIGTERM");
  stop?.addEventListener("abort", end);
  if (stop?.aborted) end();
  try {
    const { code, stdout, stderr } = await child.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener("abort", end);
  }
}

/** @throws {BerthError} `host.program-missing`: one that is not there has no permission either, or is no program. */
function start(command: CommandLine[0], options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command(command, options).spawn();
  } catch (cause) {
    const { NotFound, NotCapable, PermissionDenied } = Deno.errors;
    if (![NotFound, NotCapable, PermissionDenied].some((kind) => cause instanceof kind)) throw cause;
    throw new BerthError("host.program-missing", `the program ${command} is not on this host`, { cause });
  }
}

function forward(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended by itself: its exit status is what counts.
  }
}
