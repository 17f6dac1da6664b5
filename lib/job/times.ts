/**
 * How long the parts of a job may take where nobody says it. Apart from plans, so that a command line can be read without
 * loading those.
 *
 * @module
 */

/**
 * How long a boot may take before it is cut: emulated guests on a busy host have been seen to take 6 s, and 20 s on a KVM
 * that is emulated itself.
 */
export const BOOT_TIMEOUT_MS = { kvm: 20_000, tcg: 60_000 } as const;

/** How long `--drain` may take. */
export const DRAIN_TIMEOUT_MS = 300_000;

/** How long a job that is cancelled may still take, its drain and its artifacts included. */
export const CANCEL_TIMEOUT_MS = 10_000;
