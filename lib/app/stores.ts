/**
 * The stores, and the image builders' view of the host, as this program's windows show them.
 *
 * @module
 */

import { AGENT_FILES, AGENT_PROGRAMS, agentHash } from "../guest/agent_files.ts";
import { BOOT, BUSYBOX, KERNEL, KERNEL_FOLDER, KERNEL_LIB, KERNEL_MODULES, MODULES, STATE } from "../host/windows.ts";
import type { BuildHost } from "../image/build.ts";
import { CacheStore } from "../disk/cache.ts";
import { ImageStore } from "../image/store.ts";
import { TemplateStore } from "../image/template/store.ts";
import type { TemplateSweep } from "../image/template/sweep.ts";
import { readGoneGroups } from "../host/cgroup_facts.ts";
import { readBootId } from "../host/known_host.ts";
import type { HostOfGroups } from "../machine/group.ts";

/** The image store. */
export function openStore(): ImageStore {
  return new ImageStore(`${STATE}/images`);
}

/** The store of templates, beside the images that they are of. */
export function openTemplates(): TemplateStore {
  return new TemplateStore(`${STATE}/images`);
}

/** Removes the templates that nothing needs on this host, as it has booted. After the images, whose files they need. */
export async function sweepTemplates(): Promise<TemplateSweep> {
  return await openTemplates().sweep(await readBootId());
}

/** The store of caches. */
export function openCaches(): CacheStore {
  return new CacheStore(`${STATE}/caches`);
}

/** The host, as image builders see it. */
export function buildHost(): BuildHost {
  return {
    bootFolder: BOOT,
    modulesFolder: MODULES,
    busyboxFile: BUSYBOX,
    agentFiles: AGENT_FILES,
    agentPrograms: AGENT_PROGRAMS,
    agentHash: agentHash(),
    kernelFile: { image: KERNEL, folder: KERNEL_FOLDER, modules: KERNEL_MODULES, lib: KERNEL_LIB },
  };
}

/** What tells which groups can't be there any more. */
export const HOST_OF_GROUPS: HostOfGroups = { readBootId, readGoneGroups };
