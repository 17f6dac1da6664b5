/**
 * What the benchmark makes of its samples. Pure.
 *
 * @module
 */

/** Samples in one line. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly number[];
}

/** berth and its opponent, side by side. */
export interface Comparison {
  readonly berth: Summary;
  readonly other: Summary;
  /** Of the medians: berth's to the other's. */
  readonly ratio: number;
  /** The median of each pair's own ratio: what changes while a benchmark runs changes both of a pair. */
  readonly pairRatio: number;
}

/** Resident memory of a process at some moment. */
export interface MemorySample {
  readonly atMs: number;
  readonly kib: number;
}

/** What a ratio or an amount should be. */
export interface Target {
  readonly at: "most" | "least" | "below";
  readonly value: number;
}

/** The middle of some numbers; of an even count the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError("the median of nothing");
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and range. */
export function summarize(samples: readonly number[]): Summary {
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), samples };
}

/** @param pairs berth's sample and the other's, taken right after each other. */
export function compare(pairs: readonly (readonly [berth: number, other: number])[]): Comparison {
  const berth = summarize(pairs.map(([sample]) => sample));
  const other = summarize(pairs.map(([, sample]) => sample));
  const pairRatio = median(pairs.map(([ours, theirs]) => ours / theirs));
  return { berth, other, ratio: berth.median / other.median, pairRatio };
}

/** How fast some bytes came, from the first of them to the last. */
export function mebibytesPerSecond(bytes: number, fromMs: number, toMs: number): number {
  if (!(toMs > fromMs)) throw new RangeError(`${bytes} bytes came at once: there is no speed to tell`);
  return bytes / 1024 ** 2 / ((toMs - fromMs) / 1000);
}

/**
 * How much a process has grown, in MiB, from its first sample in a span to its largest one there.
 *
 * @throws {RangeError} with fewer than two samples, which show no growth and no lack of it.
 */
export function growthMiB(samples: readonly MemorySample[], fromMs: number, toMs: number): number {
  const seen = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).map(({ kib }) => kib);
  if (seen.length < 2) throw new RangeError(`the host process was seen ${seen.length} times during its output`);
  return (Math.max(...seen) - seen[0]) / 1024;
}

/** Whether a number is as wanted. */
export function isMet({ at, value }: Target, actual: number): boolean {
  switch (at) {
    case "most":
      return actual <= value;
    case "least":
      return actual >= value;
    case "below":
      return actual < value;
  }
}
