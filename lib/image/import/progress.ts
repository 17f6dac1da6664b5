/**
 * Signs of life of tools that give none.
 *
 * @module
 */

import { formatBytes, formatMillis } from "../../base/units.ts";

/** How often something that takes long says how far it is. */
export const TOLD_EVERY_MS = 3000;

/**
 * Says every few seconds how much a tool has written, or where that can't be seen, for how long it has worked.
 *
 * @param outputs files, or folders whose own files count. Disposing ends it.
 */
export function tellProgress(doing: string, onProgress: (line: string) => void, ...outputs: string[]): Disposable {
  const startedMs = performance.now();
  let isOver = false;
  const tell = async () => {
    const sizes = await Promise.all(outputs.map(sizeOf));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const done = outputs.length ? formatBytes(bytes) : formatMillis(performance.now() - startedMs);
    if (!isOver) onProgress(`${doing}: ${done} so far`);
  };
  const timer = setInterval(() => void tell(), TOLD_EVERY_MS);
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      clearInterval(timer);
    },
  };
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
