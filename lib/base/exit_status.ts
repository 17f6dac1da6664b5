/**
 * berth's exit statuses, and what those of `berth run` mean: one place for whoever ends with one, the help and the docs.
 *
 * @module
 */

/** The statuses that berth itself chooses, by what each says. */
export const STATUS = {
  /** All is done. */
  done: 0,
  /** `berth doctor`: no job can run on this host. */
  badHost: 1,
  /** EX_CONFIG of sysexits.h: it does not mend itself, so systemd need not try again. */
  config: 78,
  /** The job had started, and how it ended is not known, or what it made can't be delivered. */
  unknown: 123,
  /** The job had its `--timeout`, and was ended. */
  timedOut: 124,
  /** berth could not do its part; of a job: it never started, so it may be tried again. */
  notDone: 125,
  /** The job's command can't be executed. */
  notExecutable: 126,
  /** There is no such command in the image. */
  noCommand: 127,
} as const;

/** The status of what a signal has ended, as in a shell. @param number the signal's. */
export function statusOfSignal(number: number): number {
  return 128 + number;
}

/** Exit statuses of `berth run`, and what each means. */
export const EXIT_STATUSES: readonly (readonly [status: string, meaning: string])[] = [
  ["0-255", "the job's own"],
  ["128+N", "signal N ended the job"],
  [`${STATUS.unknown}`, "the job had started; how it ended is not known, or what it made can't be delivered"],
  [`${STATUS.timedOut}`, "timed out"],
  [`${STATUS.notDone}`, "the job never started: usage, boot, limits refused; it may be tried again"],
  [`${STATUS.notExecutable}`, "the command can't be executed"],
  [`${STATUS.noCommand}`, "there is no such command"],
  ["129, 130, 143", "cancelled by HUP, INT or TERM; what its caller ignores, as nohup does, is ignored"],
  ["137", "out of memory"],
  ["141", "cancelled because nobody reads its output any more"],
  ["153", "the job took more of the host's disk than --disk gives it"],
];
