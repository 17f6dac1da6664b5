/**
 * One boot with its output: streams it, waits for each phase, and returns what is left of it.
 *
 * @module
 */
import { TimedOut } from "./failure.ts";
import type { Traces } from "./verdict.ts";
import { bootVm, type VmFiles } from "./vm.ts";
import type { Bound } from "./wait.ts";

/** Measured: 5–17 s; TCG on a busy machine is slow, but not that slow. */
const bootLimitMs = 180_000;

/** Enough for the summary that is looked for. */
const outputTailLength = 65_536;

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
  const firstOutput = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  let output = "";
  let waitedFor: string | undefined;
  let qemuErrors: string;
  {
    await using vm = bootVm(session.files, session.tmpFolder, (chunk) => {
      firstOutput.resolve();
      session.write(chunk);
      writeAll(log, chunk);
      output = (output + decoder.decode(chunk, { stream: true })).slice(-outputTailLength);
    });
    try {
      const upOrGone = Promise.race([firstOutput.promise, vm.ended]);
      await bound.wait("the VM to boot", upOrGone, bootLimitMs);
      await bound.wait("the tests to end and the VM to power off", vm.ended);
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      waitedFor = error.message;
    }
    qemuErrors = vm.tail();
  }
  const console = await readIfThere(session.files.consoleLog);
  const status = await readIfThere(session.files.statusFile);
  return { status, output, console, waitedFor, qemuErrors };
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
