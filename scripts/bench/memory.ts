/**
 * Watches the resident memory of berth's host process from outside.
 *
 * @module
 */

// @ts-types="../../lib/base/types/text_line_stream.d.ts"
import { TextLineStream } from "@std/streams/text-line-stream";
import { settlesWithin } from "../../lib/base/deadline.ts";
import type { Child } from "../../lib/process/child.ts";
import { startOwned } from "./child.ts";
import type { MemorySample } from "./statistics.ts";

/** How long the watcher may take to see that its process is gone: a few of its rounds. */
const LAST_ROUND_MS = 5000;

/**
 * A sample every 200 ms, as long as the front process lives. The host process is the descendant of it that runs the
 * same program and sees /run/berth as a mount; `children` exists where CONFIG_PROC_CHILDREN is on, as on Debian.
 */
const WATCH = `
find_host() {
  for child in $(cat /proc/$1/task/*/children 2>/dev/null); do
    if [ /proc/$child/exe -ef /proc/$front/exe ] && grep -q ' /run/berth ' /proc/$child/mounts 2>/dev/null; then
      host=$child
      return
    fi
    find_host $child
  done
}
front=$1 host=
while kill -0 $front 2>/dev/null; do
  [ "$host" ] || find_host $front
  if [ "$host" ]; then
    while read -r name value unit; do [ $name = VmRSS: ] && echo $value && break; done <"/proc/$host/status"
  fi 2>/dev/null
  sleep 0.2
done`;

/** Samples until the front process ends or the watch is disposed. */
export class MemoryWatch implements AsyncDisposable {
  readonly samples: MemorySample[] = [];
  readonly #child: Child;
  readonly #reading: Promise<void>;

  constructor(front: number) {
    this.#child = startOwned({ argv: ["sh", "-c", WATCH, "sh", String(front)], cwd: "/" });
    void this.#child.stderr.cancel();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) this.samples.push({ atMs: performance.now(), kib: Number(line) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await settlesWithin(this.#child.status, LAST_ROUND_MS);
    await this.#child[Symbol.asyncDispose]();
    await settlesWithin(this.#reading, LAST_ROUND_MS);
  }
}
