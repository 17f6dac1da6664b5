/**
 * What the choice of an accelerator is made by: a VMM whose small guest does what a test says, and a host whose facts,
 * and what is known of it, are real files.
 *
 * @module
 */

import { identifyKernel, type KnownHost, KnownHostFile } from "../../../lib/host/known_host.ts";
import type { ChoiceIo } from "../../../lib/vmm/choose_accelerator.ts";
import type { Accelerator, ProbeResult } from "../../../lib/vmm/vmm.ts";
import { temporaryFolder } from "../temp.ts";

/** How the host is before. */
export interface SceneBefore {
  /** Of KVM; the small guest does not run where there is nothing. */
  readonly node?: "missing" | "denied" | "accessible";
  /** What the small guest does, or each time another one; it ends in an error where a test has not said it. */
  readonly guest?: Partial<Readonly<Record<Accelerator, ProbeResult | readonly ProbeResult[]>>>;
  /** What is known, by the kernel's id. */
  readonly known?: (kernel: string) => KnownHost;
}

/** The scene. */
export interface AcceleratorScene extends AsyncDisposable {
  readonly io: ChoiceIo;
  /** Ends what goes on. */
  readonly stop: AbortController;
  /** The small guests that were run: the accelerator, and the time that it had. */
  readonly asked: string[];
  /** The kernel's file, and its id. */
  readonly kernel: string;
  readonly kernelId: string;
  readonly host: KnownHostFile;
}

/** Makes one. */
export async function openScene({ node = "accessible", guest = {}, known }: SceneBefore = {}): Promise<
  AcceleratorScene
> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder());
  const facts = { boot_id: "boot\n", qemu: "1 2\n", kvm: `${node}\n`, kernel: "a kernel" };
  for (const [name, text] of Object.entries(facts)) await Deno.writeTextFile(`${path}/${name}`, text);
  const host = new KnownHostFile({ state: path, facts: path });
  const [kernel, stop, asked]: [string, AbortController, string[]] = [`${path}/kernel`, new AbortController(), []];
  const kernelId = await identifyKernel(kernel);
  if (known) await host.update(known(kernelId));
  const probe: ChoiceIo["vmm"]["probe"] = (accelerator, { timeoutMs, stop }) => {
    asked.push(`${accelerator} ${timeoutMs}`);
    const all = [guest[accelerator] ?? []].flat();
    const seen = all[Math.min(asked.filter((one) => one.startsWith(accelerator)).length, all.length) - 1];
    if (stop.aborted) return Promise.reject(stop.reason);
    return seen ? Promise.resolve(seen) : Promise.reject(new Error(`nobody said what a guest does on ${accelerator}`));
  };
  const emulatedBootArgs = (khz?: number) => khz === undefined ? ["unknown"] : [`khz=${khz}`];
  const owned = stack.move();
  return {
    ...{ stop, asked, kernel, kernelId, host },
    io: { vmm: { probe, emulatedBootArgs }, host, stop: stop.signal },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
