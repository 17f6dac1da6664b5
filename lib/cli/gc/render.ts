/**
 * What `berth gc` says. Pure.
 *
 * @module
 */

import { BerthError, describeError } from "../../base/errors.ts";
import { formatBytes } from "../../base/units.ts";
import type { Garbage } from "../../app/gc.ts";
import { toJson } from "../terminal/json.ts";

/** What is still there, and why. */
export interface Left {
  /** A sentence. */
  readonly what: string;
  readonly hint?: string;
}

/** A line for each thing that went. */
export function describeRemoved({ jobs, groups, files, freedBytes }: Garbage): string[] {
  return [
    ...jobs.filter(({ error }) => error === undefined).map(({ id, cgroup }) =>
      `removed job ${id}${cgroup === undefined ? "" : ` and its group ${cgroup}`}`
    ),
    ...[...groups.map((path) => `group ${path}`), ...files].map((what) => `removed ${what}`),
    ...(freedBytes ? [`freed ${formatBytes(freedBytes)} in the image store`] : []),
    ...(freedBytes === undefined ? ["an image is being built: the image store is left alone for now"] : []),
  ];
}

/** What is left, for people. */
export function listLeft({ jobs, errors }: Garbage): Left[] {
  const ofJobs = jobs.filter(({ error }) => error !== undefined).map(({ id, error }) => ({
    what: `job ${id} is left: ${describeError(error)}`,
    hint: hintOf(error),
  }));
  return [...ofJobs, ...errors.map((error) => ({ what: describeError(error), hint: hintOf(error) }))];
}

/** The same for programs, as JSON. @param nameOf gives texts the paths that the user knows. */
export function renderJson(garbage: Garbage, nameOf?: (text: string) => string): string {
  const removed = garbage.jobs.filter(({ error }) => error === undefined);
  const told = {
    jobs: removed.map(({ id, cgroup }) => ({ id, cgroup: cgroup ?? null })),
    groups: garbage.groups,
    files: garbage.files,
    freedBytes: garbage.freedBytes ?? null,
    left: listLeft(garbage).map(({ what, hint }) => ({ what, hint: hint ?? null })),
  };
  return toJson(told, 2, nameOf);
}

function hintOf(error: unknown): string | undefined {
  return error instanceof BerthError ? error.hint : undefined;
}
