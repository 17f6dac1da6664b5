/**
 * Starts of VMs in this process, from a saved state or by a boot, until their agent has said hello.
 *
 * @module
 */

import { within } from "../../../lib/base/deadline.ts";
import { Hub } from "../../../lib/guest/hub.ts";
import { clearIdentity } from "../../../lib/guest/identity.ts";
import { linkByToken } from "../../../lib/guest/link.ts";
import { planJob } from "../../../lib/job/plan.ts";
import { boot, type BootedVm } from "../../../lib/machine/boot.ts";
import type { MachineEvent } from "../../../lib/machine/events.ts";
import type { Point } from "../../../lib/machine/points.ts";
import type { OpenVmm, VmPlan } from "../../../lib/vmm/vmm.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";
import { socketPath } from "../../support/socket.ts";
import { temporaryFolder } from "../../support/temp.ts";
import type { Play } from "../../support/vmm/fake_guest.ts";
import { FakeTemplates, type TemplatesPlan } from "../../support/vmm/fake_templates.ts";
import { FakeVmm } from "../../support/vmm/fake_vmm.ts";

/** What can be broken. */
export interface Broken {
  readonly vmm: FakeVmm;
  readonly stop: AbortController;
  readonly kill: AbortController;
}

/** A start. */
export interface Start {
  readonly play?: Play;
  readonly templates?: FakeTemplates;
  readonly uncloneable?: string;
  readonly lanes?: number;
  /** How long a boot may take; as long as no test. */
  readonly timeoutMs?: number;
  /** In place of the fake VMM's. */
  readonly boot?: OpenVmm["boot"];
  /** When the fault comes, once. */
  readonly at?: Point;
  readonly fault?: (broken: Broken) => void;
  /** Looks whether it has to go at once. */
  readonly look?: (broken: Broken) => void;
}

/** What is to be seen of it. */
export interface Started {
  /** A VM, or what came of all attempts. */
  readonly result: BootedVm | { readonly error: Error };
  readonly nonce: string;
  readonly vmm: FakeVmm;
  readonly told: readonly MachineEvent[];
  /** What the identity's file had in it at points, and at the end: whether there was anything. */
  readonly identityAt: readonly string[];
  readonly isIdentityLeft: boolean;
}

/** Starts one VM, and lets it go again. */
export async function start(plan: Start): Promise<Started> {
  await using stack = new AsyncDisposableStack();
  const socket = stack.use(await socketPath("hub"));
  const hub = stack.use(Hub.listen(socket.path));
  const folder = stack.use(await temporaryFolder());
  const path = `${folder.path}/identity`;
  const identityFile = stack.use(await Deno.open(path, { write: true, createNew: true }));
  clearIdentity(identityFile);
  const isThere = () => Deno.readFileSync(path).some((byte) => byte !== 0);
  const planned = planJob({ ...LEAST_REQUEST, bootTimeoutMs: plan.timeoutMs ?? 20_000 }, LEAST_INPUTS);
  const disks = ["workspace", "cache0"].map((serial) => ({ serial, path: `/${serial}`, readOnly: false }));
  const vm: VmPlan = { ...planned.vm, folder: folder.path, disks, lanes: plan.lanes };
  const vmm = stack.use(new FakeVmm(socket.path, plan.play ?? {}));
  const broken = { vmm, stop: new AbortController(), kill: new AbortController() };
  const [told, identityAt]: [MachineEvent[], string[]] = [[], []];
  let isBroken = false;
  const starting = boot(vm, {
    link: linkByToken(hub, planned.token, {} as Parameters<typeof linkByToken>[2]),
    vmm: { title: vmm.title, boot: plan.boot ?? ((one, watcher) => vmm.boot(one, watcher)) },
    ...{ stop: broken.stop.signal, kill: broken.kill.signal, tries: planned.boots },
    ...{ templates: plan.templates, uncloneable: plan.uncloneable },
    identity: { token: planned.token, serials: ["workspace", "cache0"] },
    identityFile,
    tell: (event) => {
      told.push(event);
      if (event.kind !== "point") return;
      if (isThere()) identityAt.push(event.point);
      if (event.point !== plan.at || isBroken) return;
      isBroken = true;
      plan.fault?.(broken);
    },
    look: () => Promise.resolve(plan.look?.(broken)),
    onEmulated: () => Promise.resolve(),
    onWords: () => {},
  });
  const result = await within(starting.catch((error: Error) => ({ error })), 30_000, "the start");
  const isIdentityLeft = isThere();
  if ("session" in result) {
    result.session[Symbol.dispose]();
    await result.vm[Symbol.asyncDispose]();
  }
  return { result, nonce: vm.nonce, vmm, told, identityAt, isIdentityLeft };
}

/** Starts one where there are such saved states. */
export async function startWith(
  of: TemplatesPlan,
  plan: Start,
): Promise<Started & { readonly templates: FakeTemplates }> {
  const templates = new FakeTemplates(of);
  return { ...await start({ templates, ...plan }), templates };
}

/** The points, in their order. */
export function pointsOf({ told }: Started): Point[] {
  return told.flatMap((event) => event.kind === "point" ? [event.point] : []);
}

/** The numbers of the attempts. */
export function attemptsOf({ told }: Started): number[] {
  return told.flatMap((event) => event.kind === "attempt" ? [event.attempt] : []);
}

/** What was noted for people. */
export function notesOf({ told }: Started): string[] {
  return told.flatMap((event) => event.kind === "note" ? [event.text] : []);
}

/** How the guest came to be, and why not otherwise. */
export function startsOf({ told }: Started): unknown[] {
  return told.flatMap((event) => event.kind === "start" ? [[event.start, event.why]] : []);
}

/** The VM. @throws what came of all attempts. */
export function startedOf({ result }: Started): BootedVm {
  if ("error" in result) throw result.error;
  return result;
}

/** What came of all attempts. */
export function errorOf({ result }: Started): Error {
  if ("error" in result) return result.error;
  throw new Error("there is a VM");
}
