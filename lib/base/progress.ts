/**
 * Tells how far something is that takes long.
 *
 * @module
 */

/** What is over sooner than this needs no words. */
const FIRST_MS = 1000;
const EVERY_MS = 2000;

/** Times of progress lines. */
export interface ReportTimes {
  readonly firstMs?: number;
  readonly everyMs?: number;
}

/**
 * Progress lines: one after a second, then one every two seconds, until it is disposed; not a word after that.
 *
 * @param read looks how far it is. Undefined, or an error, is nothing to tell: progress is no reason to fail.
 */
export function reportEvery(
  read: () => string | undefined | Promise<string | undefined>,
  tell: (line: string) => void,
  { firstMs = FIRST_MS, everyMs = EVERY_MS }: ReportTimes = {},
): Disposable {
  let over = false;
  let timer: ReturnType<typeof setTimeout>;
  const look = async () => {
    const line = await Promise.try(read).catch(() => undefined);
    if (over) return;
    if (line !== undefined) tell(line);
    // After a look and not beside it: one that takes long is not overtaken by the next.
    timer = setTimeout(look, everyMs);
  };
  timer = setTimeout(look, firstMs);
  return {
    [Symbol.dispose]() {
      over = true;
      clearTimeout(timer);
    },
  };
}
