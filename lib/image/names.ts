/**
 * Names of images. Apart from the builders, so that a command line can be read without loading them.
 *
 * @module
 */

/** The image that jobs run in when they name none. */
export const DEFAULT_IMAGE = "default";
