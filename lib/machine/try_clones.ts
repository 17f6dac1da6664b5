/**
 * Tries what starts as clones need: a guest is booted and its state saved, and others go on from that.
 *
 * @module
 */

import { describeError } from "../base/errors.ts";
import { randomId, randomToken } from "../base/ids.ts";
import { writeAll } from "../base/write_all.ts";
import type { Hub } from "../guest/hub.ts";
import { linkByToken } from "../guest/link.ts";
import { planTriedVm, type TriedKernel } from "../vmm/try_kernel.ts";
import type { Accelerator, OpenVmm, VmPlan } from "../vmm/vmm.ts";
import { attempt, type Attempted } from "./attempt.ts";
import { describeFailure, type Failure } from "./boot_failure.ts";
import { createVmFiles } from "./files.ts";
import type { UnfinishedTemplate } from "./templates.ts";

/** How the guests are run. */
export interface TriedStart {
  readonly accelerator: Accelerator;
  /** Words for the kernel beside the image's. */
  readonly bootArgs: readonly string[];
  /** Of each. */
  readonly timeoutMs: number;
  /** How many go on from the state. */
  readonly clones: number;
}

/** What boots them, and where they dial in. */
export interface TryClonesIo {
  readonly vmm: Pick<OpenVmm, "boot" | "title">;
  readonly hub: Pick<Hub, "ready" | "ask" | "expect" | "forget">;
  /** The folder that theirs are made in, and the state. */
  readonly folder: string;
}

/** Starts them one after the other, without jails and without limits. Never rejects. Nothing of them is left. */
export async function tryClones(
  tried: TriedKernel,
  start: TriedStart,
  io: TryClonesIo,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  const state = `${io.folder}/tried-${randomId()}.state`;
  const nonce = randomToken();
  let what = "the first guest";
  try {
    using _file = removedAtEnd(state);
    await startOne(tried, { ...start, nonce, saveTo: state }, io);
    for (let clone = 1; clone <= start.clones; clone++) {
      what = `clone ${clone} of ${start.clones}`;
      await startOne(tried, { ...start, nonce, state }, io);
    }
    return { works: true, detail: `${start.clones} clones of a guest have started` };
  } catch (error) {
    return { works: false, detail: `${what}: ${describeError(error)}` };
  }
}

/** How one is started. */
interface OneStart extends TriedStart, Pick<VmPlan, "nonce" | "state"> {
  /** Where its state is kept; absent: nowhere. */
  readonly saveTo?: string;
}

/** Starts one until its agent has said hello, and ends it. */
async function startOne(
  tried: TriedKernel,
  { accelerator, bootArgs, timeoutMs, nonce, state, saveTo }: OneStart,
  { vmm, hub, folder: parent }: TryClonesIo,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const name = randomId();
  const folder = `${parent}/tried-${name}`;
  await Deno.mkdir(folder);
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const planned = planTriedVm(tried, { name, nonce, accelerator, folder });
  const vm = { ...planned, bootArgs: [...bootArgs, ...planned.bootArgs], identity: true, state };
  const files = createVmFiles(vm, (file) => stack.use(file));
  const token = randomToken();
  const never = new AbortController().signal;
  const templates = saveTo === undefined ? undefined : { begin: () => Promise.resolve({ unfinished: keepIn(saveTo) }) };
  const result = await attempt({ vm, timeoutMs, templates }, {
    link: linkByToken(hub, token, files),
    vmm,
    identity: { token, serials: [] },
    identityFile: files.identity,
    ...{ stop: never, kill: never, tell: () => {}, onWords: () => {} },
  });
  const { saved } = own(result, timeoutMs, vmm.title, stack);
  if (saveTo !== undefined && saved !== true) throw new Error(`its state is not saved: ${saved}`);
}

/** @throws {Error} when it has not come up. */
function own(result: Attempted | Failure, timeoutMs: number, title: string, stack: AsyncDisposableStack): Attempted {
  if ("vm" in result) {
    stack.use(result.vm);
    stack.use(result.session);
    return result;
  }
  throw new Error(result.kind === "stopped" ? "nobody waits for it" : describeFailure(result, timeoutMs, title));
}

/** Nobody but this try has the file. */
function keepIn(path: string): UnfinishedTemplate {
  const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o400 });
  return {
    write: (piece) => writeAll(file, piece),
    commit: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(file.close()),
  };
}

function removedAtEnd(path: string): Disposable {
  return {
    [Symbol.dispose]: () => {
      try {
        Deno.removeSync(path);
      } catch {
        // It was never made.
      }
    },
  };
}
