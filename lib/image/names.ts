/**
 * Names and defaults of images. Apart from the builders, so that a command line can be read without loading them.
 *
 * @module
 */

/** Name of the image that jobs run in when they name none. */
export const DEFAULT_IMAGE = "default";

/** Memory of a guest whose image says nothing else, MiB. */
export const DEFAULT_MEMORY_MIB = 512;

/** Its virtual CPUs. */
export const DEFAULT_VCPUS = 1;
