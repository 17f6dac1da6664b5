/**
 * Saved states for one job: of guests of the shape that its VM has, and of this boot of this host.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { identifyFile, type KnownHostFile } from "../host/known_host.ts";
import { filesOf } from "../image/origin.ts";
import type { Image } from "../image/store.ts";
import type { TemplateStore } from "../image/template/store.ts";
import { imageFolder, type JobRequest } from "../job/request/request.ts";
import type { JobPlan } from "../job/plan.ts";
import type { Templates } from "../machine/templates.ts";
import type { VmmTraits } from "../vmm/vmm.ts";
import { VMM_TRAITS } from "./vmm.ts";

/** Changes when a state of an older berth is none for this one, although all else is the same. */
const FORMAT = 1;

/** The states, or why there can be none; neither where nobody wants any. */
export interface ChosenTemplates {
  readonly templates?: Templates;
  readonly uncloneable?: string;
}

/** What the choice rests on. */
export interface TemplateInputs {
  readonly image: Image;
  readonly store: TemplateStore;
  readonly host: Pick<KnownHostFile, "identify" | "readBootId">;
}

/** Chooses them. */
export async function chooseTemplates(
  request: JobRequest,
  { vm, minFreeBytes }: JobPlan,
  { image, store, host }: TemplateInputs,
): Promise<ChosenTemplates> {
  if (request.start === "cold") return {};
  if (vm.devices.length > 0) return { uncloneable: "devices of the host have a state of their own" };
  if (imageFolder(request) !== undefined) return { uncloneable: "an image that is a folder may change at any time" };
  const files = filesOf(image.spec);
  const [bootId, hostId] = [await host.readBootId(), await host.identify()];
  const key = planKey(VMM_TRAITS.shapeOf(vm), [hostId, ...await Promise.all(files.map(identifyFile))]);
  const { memoryMiB, vcpus, accelerator } = vm;
  const about = { image: image.name, files, memoryMiB, vcpus, accelerator, bootId };
  return {
    templates: {
      open: () => store.open(key),
      begin: () => store.begin(key, about, minFreeBytes),
      blame: (why) => store.blame(key, why),
    },
  };
}

/**
 * The key of a state: two VMs have the same only if the one can go on from the state of the other. Pure.
 *
 * @param shape see {@linkcode VmmTraits.shapeOf}.
 * @param identities of the host, and of the files that the guest has read.
 */
export function planKey(shape: ReturnType<VmmTraits["shapeOf"]>, identities: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify([FORMAT, shape, identities])).digest("hex").slice(0, 32);
}
