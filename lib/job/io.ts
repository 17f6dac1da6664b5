/**
 * What a job is connected to, and what it tells while it runs.
 *
 * @module
 */

import type { Hub } from "../guest/hub.ts";
import type { CacheStore } from "../disk/cache.ts";
import type { Booted } from "../vmm/qemu/accelerator.ts";
import type { QmpHub } from "../vmm/qemu/qmp.ts";
import type { GroupIo } from "./group.ts";
import type { Sink } from "./output/source.ts";
import type { OnPoint } from "./points.ts";
import type { StopRequest } from "./stop.ts";

/** What a job tells while it runs. */
export type JobEvent =
  | { readonly kind: "left-out"; readonly what: string }
  | { readonly kind: "note"; readonly text: string };

/** What a job is connected to. */
export interface JobIo extends GroupIo {
  readonly hub: Hub;
  readonly qmpHub: QmpHub;
  readonly caches: CacheStore;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin?: ReadableStream<Uint8Array>;
  readonly stop: StopRequest;
  readonly notify: (event: JobEvent) => void;
  /** Told how the guest has booted. */
  readonly onBooted: (booted: Booted) => Promise<void>;
  readonly onPoint?: OnPoint;
}
