/**
 * Signs of life of tools that give none.
 *
 * @module
 */

import { reportEvery } from "../../base/progress.ts";
import { formatBytes, formatMillis } from "../../base/units.ts";

/**
 * Progress lines every few seconds: how much a tool has written, or where that can't be seen, for how long it has
 * worked.
 *
 * @param outputs files, or folders whose own files count. Disposing ends it.
 */
export function tellProgress(doing: string, onProgress: (line: string) => void, ...outputs: string[]): Disposable {
  const startedMs = performance.now();
  return reportEvery(async () => {
    const sizes = await Promise.all(outputs.map(sizeOf));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    return `${doing}: ${outputs.length ? formatBytes(bytes) : formatMillis(performance.now() - startedMs)} so far`;
  }, onProgress);
}

/** What is not there yet, or no more, has no size. */
async function sizeOf(path: string): Promise<number> {
  try {
    const info = await Deno.lstat(path);
    if (!info.isDirectory) return info.size;
    let sum = 0;
    for await (const { name, isFile } of Deno.readDir(path)) {
      if (isFile) sum += await Deno.lstat(`${path}/${name}`).then(({ size }) => size, () => 0);
    }
    return sum;
  } catch {
    return 0;
  }
}
