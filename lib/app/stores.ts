/**
 * The stores, and the image builders' view of the host, as this program's windows show them.
 *
 * @module
 */

import { AGENT_FILES, agentHash } from "../guest/agent_files.ts";
import { BOOT, BUSYBOX, KERNEL, KERNEL_FOLDER, KERNEL_LIB, KERNEL_MODULES, MODULES, STATE } from "../host/windows.ts";
import type { BuildHost } from "../image/build.ts";
import { CacheStore } from "../disk/cache.ts";
import { ImageStore } from "../image/store.ts";

export function openStore(): ImageStore {
  return new ImageStore(`${STATE}/images`);
}

export function openCaches(): CacheStore {
  return new CacheStore(`${STATE}/caches`);
}

export function buildHost(): BuildHost {
  return {
    bootFolder: BOOT,
    modulesFolder: MODULES,
    busyboxFile: BUSYBOX,
    agentFiles: AGENT_FILES,
    agentHash: agentHash(),
    kernelFile: { image: KERNEL, folder: KERNEL_FOLDER, modules: KERNEL_MODULES, lib: KERNEL_LIB },
  };
}
