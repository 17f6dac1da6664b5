/**
 * The flags of commands that have commands, as `berth image` has: one table for the parser and for the help.
 *
 * @module
 */

import { type Flag, UID_RANGE } from "./flags.ts";

/** What building and importing share. */
const BUILDER_FLAGS: readonly Flag[] = [
  {
    name: "kernel",
    value: "host|debian|PATH",
    help: "the guest's kernel: the host's, Debian's, or a bzImage (default: the host's if usable)",
  },
  {
    name: "modules",
    value: "DIR",
    help: "the modules of --kernel PATH (default: in /lib/modules, or beside it)",
  },
  { name: "min-free", value: "SIZE", help: "end before the host's disk has less than this (default 256M)" },
  { name: "quiet", help: "no progress on stderr" },
];

/** Flags of `berth systemd install`. */
export const INSTALL_FLAGS: readonly Flag[] = [
  { name: "dir", value: "DIR", help: "where to put the units (default /etc/systemd/system)" },
];

/** Flags of `berth image import`. */
export const IMPORT_FLAGS: readonly Flag[] = [
  { name: "ref", value: "NAME", help: "which image, when the source has several" },
  {
    name: "jail",
    value: "require|off",
    help: "what reads SOURCE runs in bubblewrap; off is for sources that you trust (default require)",
  },
  UID_RANGE,
  ...BUILDER_FLAGS,
];

/** Flags of `berth image build`. */
export const BUILD_FLAGS: readonly Flag[] = [
  { name: "debian", value: "SUITE", help: "make the root file system from this Debian suite, as in bookworm" },
  { name: "packages", value: "A,B,…", help: "with these packages and what they need" },
  ...BUILDER_FLAGS,
];

/** Flags of `berth image ls`. */
export const LS_FLAGS: readonly Flag[] = [
  { name: "json", help: "as JSON: the same fields for each, null for what is not known" },
];

/** Flags of `berth image rm`. */
export const RM_FLAGS: readonly Flag[] = [
  { name: "force", help: "also while jobs run on it: the name goes, and they keep the files until they end" },
];

/** Flags of `berth cache rm`. */
export const CACHE_RM_FLAGS: readonly Flag[] = [
  { name: "tenant", value: "TENANT", help: "whose caches (default: those that are nobody's in particular)" },
];

/** Flags of `berth image prune`. */
export const PRUNE_FLAGS: readonly Flag[] = [
  {
    name: "older",
    value: "TIME",
    help: "remove images that were neither built nor used for so long, as in 12h or 30d",
  },
];

/** Flags of `berth config show`. */
export const CONFIG_SHOW_FLAGS: readonly Flag[] = [
  { name: "json", help: "as JSON: for each key its value and where it is from" },
];
