/**
 * Which kernel modules a guest needs, and in which order they are inserted. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";

/** The groups of modules that the agent loads by name, each when it needs it. */
export const MODULE_GROUPS = {
  base: ["virtio_mmio", "virtio_console"],
  disk: ["virtio_blk", "ext4"],
  overlay: ["overlay", "squashfs"],
  panic: ["pvpanic_mmio"],
} as const;

/** Groups that a guest can do without: a panic that nobody tells is a reset. */
const OPTIONAL_GROUPS = ["panic"];

/** The option of the kernel's build that gives a module. */
const OPTIONS: Readonly<Record<string, string>> = {
  virtio_mmio: "CONFIG_VIRTIO_MMIO",
  virtio_console: "CONFIG_VIRTIO_CONSOLE",
  virtio_blk: "CONFIG_VIRTIO_BLK",
  ext4: "CONFIG_EXT4_FS",
  overlay: "CONFIG_OVERLAY_FS",
  squashfs: "CONFIG_SQUASHFS",
};

/** A module to insert: its group, and its file relative to the modules' folder. */
export interface ModuleFile {
  readonly group: string;
  readonly path: string;
}

/** A kernel module, ready to be inserted. */
export interface ModuleBinary {
  readonly group: string;
  /** The file's name in the initramfs, as in `virtio_blk.ko`. */
  readonly name: string;
  readonly data: Uint8Array;
}

/** Contents of `modules.dep` and `modules.builtin`. */
export interface ModuleIndex {
  /** Module name → its file and, in the order of `modules.dep`, the files it needs. */
  readonly files: ReadonlyMap<string, { readonly path: string; readonly needs: readonly string[] }>;
  readonly builtin: ReadonlySet<string>;
}

/** A module's name as the kernel has it: of `kernel/drivers/virtio/virtio-rng.ko.xz`, `virtio_rng`. */
export function moduleName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}

/** Parses the texts of `modules.dep` and `modules.builtin`. */
export function parseModuleIndex(dep: string, builtin: string): ModuleIndex {
  const files = new Map<string, { path: string; needs: string[] }>();
  for (const line of dep.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const path = line.slice(0, colon);
    files.set(moduleName(path), { path, needs: line.slice(colon + 1).split(" ").filter((word) => word) });
  }
  return { files, builtin: new Set(builtin.split("\n").filter((line) => line).map(moduleName)) };
}

/**
 * Files to insert, in order, each once.
 *
 * @throws {BerthError} `image.kernel` naming a module that the kernel has neither built in nor as a file.
 */
export function planModules(index: ModuleIndex, release: string): ModuleFile[] {
  const seen = new Set<string>();
  const plan: ModuleFile[] = [];
  for (const [group, names] of Object.entries(MODULE_GROUPS)) {
    for (const name of names) {
      if (index.builtin.has(name)) continue;
      const file = index.files.get(name);
      if (!file && OPTIONAL_GROUPS.includes(group)) continue;
      if (!file) {
        const option = OPTIONS[name] ? ` (${OPTIONS[name]})` : "";
        const problem = `it has no ${name}, neither built in nor as a module${option}`;
        throw new BerthError("image.kernel", `kernel ${release}: ${problem}`);
      }
      // modules.dep names what a module needs in the reverse of the order of insertion.
      for (const path of [...file.needs.toReversed(), file.path]) {
        if (seen.has(path)) continue;
        seen.add(path);
        plan.push({ group, path });
      }
    }
  }
  return plan;
}
