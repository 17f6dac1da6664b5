/**
 * Defaults of groups. Apart from what makes groups, so that a command line can be read without loading that.
 *
 * @module
 */

/** Weight that every group has: a limit only to somebody who has asked for it. */
export const DEFAULT_WEIGHT = 100;

/**
 * What berth's own leaf keeps (`memory.min`): the front and the host process have 50 to 60 MiB each. It guards against the
 * VMs beside it; when the whole host is short of memory, the leaf keeps no more than the groups above it keep.
 */
export const SUPERVISOR_MEMORY_MIN_BYTES = 128 * 1024 ** 2;
