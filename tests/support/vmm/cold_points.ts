/**
 * The points of a life by how its guest begins.
 *
 * @module
 */

import { type Point, POINTS } from "../../../lib/machine/points.ts";

/** Points that not every guest comes by: clones, those that are booted, those whose state is saved. */
export const OF_STARTS: readonly Point[] = ["restored", "ready", "saved"];

/** The points that every job comes by whose guest is booted, in their order. */
export const COLD_POINTS: readonly Point[] = POINTS.filter((point) => point === "ready" || !OF_STARTS.includes(point));
