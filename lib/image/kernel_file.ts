/**
 * A kernel as a file: what release it is, and what its build options say.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { readKernelRelease } from "./kernel_release.ts";

/** Kernel that an image gets. `auto`: the host's if one is usable, else Debian's. `file`: the one that has windows. */
export type KernelWish = "auto" | "host" | "debian" | "file";

/** The release of a kernel's file. @throws {BerthError} `image.kernel` when it is none that a guest can boot. */
export async function expectKernelRelease(path: string): Promise<string> {
  const release = await readKernelRelease(path);
  if (release !== undefined) return release;
  throw new BerthError("image.kernel", `${path}: this is no kernel image that berth can boot (bzImage)`);
}

/** What a guest needs that is no module of its own. */
const NEEDED_BUILT_IN = ["CONFIG_DEVTMPFS", "CONFIG_BLK_DEV_INITRD"];
const NEEDED = ["CONFIG_SQUASHFS_LZ4", "CONFIG_SQUASHFS_XATTR"];

/** Refuses a kernel whose options (the text of its `.config`) lack something. @throws {BerthError} `image.kernel`. */
export function checkConfig(text: string, release: string): void {
  const options = new Map([...text.matchAll(/^(CONFIG_\w+)=([ym])$/gm)].map(([, name, value]) => [name, value]));
  const missing = [
    ...NEEDED_BUILT_IN.filter((name) => options.get(name) !== "y"),
    ...NEEDED.filter((name) => !options.has(name)),
  ];
  if (missing.length) {
    throw new BerthError("image.kernel", `kernel ${release}: it is built without ${missing.join(", ")}`);
  }
}
