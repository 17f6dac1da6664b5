/**
 * The flags of `berth run` that are about how its guest comes to run.
 *
 * @module
 */

import { DEFAULTS } from "../../job/request/request.ts";
import type { JobFlag } from "./flag.ts";

/** By what it is run, and from which state. */
export const START_FLAGS: readonly JobFlag[] = [
  {
    name: "accel",
    key: "accel",
    kind: "text",
    setting: true,
    value: "auto|kvm|tcg",
    help: "how the guest is run",
    default: { value: DEFAULTS.accel, means: "KVM if kernels boot on it, else emulated" },
  },
  {
    name: "start",
    key: "start",
    kind: "text",
    setting: true,
    value: "auto|cold|clone",
    help: "from a saved guest: where one fits, or never, or refuse if none can be had",
    default: { value: DEFAULTS.start },
  },
];
