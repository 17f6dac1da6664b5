/**
 * The flags that `berth image build` and `berth image import` share, and what is said of the guest's kernel. Pure.
 *
 * @module
 */

// @ts-types="../../base/types/path.d.ts"
import { dirname, join } from "@std/path";
import { BerthError } from "../../base/errors.ts";
import { KERNEL, KERNEL_FOLDER, KERNEL_LIB, KERNEL_MODULES, type Window } from "../../host/windows.ts";
import type { KernelWish } from "../../image/kernel_file.ts";
import type { Flag } from "../line/flag.ts";
import type { ParsedFlags } from "../line/parse.ts";
import { BUILD_MIN_FREE } from "../line/shared_flags.ts";

/** What building and importing share. */
export const BUILDER_FLAGS: readonly Flag[] = [
  {
    name: "kernel",
    value: "host|debian|PATH",
    help: "the guest's kernel: the host's, Debian's, or a bzImage",
    default: { means: "the host's if usable" },
  },
  {
    name: "modules",
    value: "DIR",
    help: "the modules of --kernel PATH",
    default: { means: "in /lib/modules, or beside it" },
  },
  BUILD_MIN_FREE,
  { name: "quiet", help: "no progress on stderr" },
];

/** What a kernel is to be, and the windows that it takes. */
export interface KernelArgs {
  readonly wish?: KernelWish;
  readonly windows: readonly Window[];
}

/** `--kernel host|debian|PATH` and `--modules DIR`. */
export function parseKernelArgs(flags: ParsedFlags): KernelArgs {
  const [kernel, modules] = [flags.value("kernel"), flags.value("modules")];
  const isPath = kernel !== undefined && kernel !== "host" && kernel !== "debian";
  if (modules !== undefined && !isPath) throw new BerthError("usage.flag", "--modules needs --kernel PATH");
  if (isPath && !kernel.includes("/")) {
    throw new BerthError(
      "usage.value",
      `--kernel: "${kernel}" is not one of host, debian; write ./${kernel} for a file`,
    );
  }
  if (!isPath) return { wish: kernel, windows: [] };
  const folder = dirname(kernel);
  return {
    wish: "file",
    windows: [
      { mode: "ro", target: KERNEL, source: kernel },
      // Beside the kernel its options may be. All of the host's files are no window.
      ...(folder === "/" ? [] : [{ mode: "optional", target: KERNEL_FOLDER, source: folder } as const]),
      ...(modules === undefined
        ? [{ mode: "optional", target: KERNEL_LIB, source: join(folder, "../lib/modules") } as const]
        : [{ mode: "folder", target: KERNEL_MODULES, source: modules } as const]),
    ],
  };
}
