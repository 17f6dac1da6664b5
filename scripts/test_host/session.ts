/**
 * One boot with its output: streams it, waits for each phase, and returns what is left of it.
 *
 * @module
 */
import { DeadlineError } from "../../lib/base/deadline.ts";
import { collectTail } from "../../lib/process/tool.ts";
import type { Traces } from "./verdict.ts";
import { bootVm, type VmFiles } from "./vm.ts";
import type { Bound } from "./wait.ts";

/** Measured: 5–17 s; TCG on a busy machine is slow, but not that slow. */
const BOOT_LIMIT_MS = 180_000;

/** Enough for the summary that is looked for, characters. */
const OUTPUT_TAIL_LENGTH = 65_536;

/** What goes on during a boot. */
export interface Session {
  readonly files: VmFiles;
  /** Gets all that the tests write. */
  readonly outputLog: string;
  readonly tmpFolder: string;
  /** Where the tests' output goes live. */
  readonly write: (chunk: Uint8Array) => void;
}

/**
 * Boots the VM, streams what it says, and awaits its end. On return it is gone.
 *
 * @param bound of the VM's whole life
 * @throws the bound's reason if it is aborted; a hang is no error but a trace
 */
export async function runSession(session: Session, bound: Bound): Promise<Traces> {
  using log = await Deno.open(session.outputLog, { create: true, write: true });
  await using stack = new AsyncDisposableStack();
  const vm = stack.use(bootVm(session.files, session.tmpFolder));
  const firstOutput = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  let output = "";
  const streaming = forEach(vm.stdout, (chunk) => {
    firstOutput.resolve();
    session.write(chunk);
    writeAll(log, chunk);
    output = (output + decoder.decode(chunk, { stream: true })).slice(-OUTPUT_TAIL_LENGTH);
  });
  const ended = Promise.all([vm.status, streaming, collectTail(vm.stderr.pipeThrough(new TextDecoderStream()))]);
  // Who waits for it gets the error; nobody has to.
  ended.catch(() => {});
  const waitedFor = await findHang(firstOutput.promise, ended, bound);
  // What is gone holds no pipe open.
  await stack.disposeAsync();
  const [, , qemuErrors] = await ended;
  const console = await readIfThere(session.files.consoleLog);
  const status = await readIfThere(session.files.statusFile);
  return { status, output, console, waitedFor, qemuErrors };
}

/** What was waited for in vain; undefined where the VM boots and ends in its time. */
async function findHang(up: Promise<void>, ended: Promise<unknown>, bound: Bound): Promise<string | undefined> {
  try {
    await bound.wait("the VM to boot", Promise.race([up, ended]), BOOT_LIMIT_MS);
    await bound.wait("the tests to end and the VM to power off", ended);
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    return error.message;
  }
}

async function forEach(stream: ReadableStream<Uint8Array>, take: (chunk: Uint8Array) => void): Promise<void> {
  for await (const chunk of stream) take(chunk);
}

/** Writes all of it: a plain write may take only a part. */
export function writeAll(file: { writeSync(chunk: Uint8Array): number }, chunk: Uint8Array): void {
  for (let rest = chunk; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
