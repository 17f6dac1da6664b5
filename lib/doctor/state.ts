/**
 * Whether berth's own folder can hold jobs. Pure.
 *
 * @module
 */

import { formatBytes } from "../base/units.ts";
import { DEFAULT_MIN_FREE_BYTES } from "../disk/names.ts";
import { MIN_FREE_INODES } from "../disk/watch.ts";
import { type Case, quote, wordsOf } from "./case.ts";
import type { Facts } from "./facts.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

/** Room for an image and a few jobs. */
const COMFORTABLE_BYTES = 2 * 1024 ** 3;
const COMFORTABLE_INODES = 0.05;
const MAKE_ROOM = "berth gc && berth image prune --older 30d";

/** Findings on the state folder: itself, its disk's space, and its inodes. */
export function judgeState(facts: Facts, about: Case): Finding[] {
  const { stateDir } = about;
  if (facts.get("state.there") === "no folder") {
    const fix = `mv ${quote(stateDir)} ${quote(`${stateDir}.old`)}`;
    return [fail("state.folder", `${stateDir} is no folder`, "no job can run", fix)];
  }
  const [available, blockBytes, freeFiles, allFiles] = (facts.get("state.disk") ?? "").split(" ").map(Number);
  const room = [judgeSpace(stateDir, available * blockBytes), judgeInodes(stateDir, freeFiles, allFiles)];
  const isFull = room.some(({ status }) => status === "fail");
  // Nothing can be written to a full disk, and that it is full is said already.
  const owned = [
    judgeOwner("state.owner", stateDir, facts.get("state.owner"), facts.get("state.mode"), about),
    judgeOwner("state.users", "/run/berth-users", facts.get("users.owner"), facts.get("users.mode"), about),
  ].flatMap((finding) => finding ?? []);
  return [...(isFull ? [] : [judgeFolder(facts, about)]), ...owned, ...room];
}

/** Nothing of what is not there. */
function judgeOwner(
  id: "state.owner" | "state.users",
  path: string,
  owner: string | undefined,
  mode: string | undefined,
  { user }: Case,
): Finding | undefined {
  if (owner === undefined || mode === undefined) return undefined;
  const means = "no job can run: who may write there chooses what jobs run on";
  if (owner !== "own") return fail(id, `${path} belongs to ${owner}`, means, `chown ${user} ${quote(path)}`);
  if (!(Number.parseInt(mode, 8) & 0o022)) {
    return ok(id, `${path} is ${user}'s, and nobody else may write there`, "jobs run on what berth has made");
  }
  return fail(id, `others may write into ${path} (mode ${mode})`, means, `chmod go-w ${quote(path)}`);
}

function judgeFolder(facts: Facts, { stateDir, user }: Case): Finding {
  const words = wordsOf(facts.get("state.write"));
  if (words === "works") {
    const isThere = facts.get("state.there") === "yes";
    const what = isThere ? `${stateDir} can be written` : `${stateDir} will be made by the first job`;
    return ok("state.folder", what, "jobs and images have a place");
  }
  const isReadOnly = /read-only/i.test(words);
  const place = facts.get("state.place") ?? stateDir;
  const fix = isReadOnly
    ? `mount -o remount,rw ${quote(facts.get("state.mount") ?? place)}`
    : `mkdir -p ${quote(stateDir)} && chown -R ${user} ${quote(stateDir)}`;
  return fail("state.folder", `${stateDir} can't be written: ${words}`, "no job can run", fix);
}

function judgeSpace(stateDir: string, freeBytes: number): Finding {
  const what = `the disk of ${stateDir} has ${formatBytes(freeBytes)} free`;
  if (freeBytes >= COMFORTABLE_BYTES) return ok("state.space", what, "there is room for jobs and images");
  const floor = `${formatBytes(DEFAULT_MIN_FREE_BYTES)} are to stay free (--min-free)`;
  return freeBytes > DEFAULT_MIN_FREE_BYTES
    ? warn("state.space", what, `an image or a few jobs may fill it; ${floor}`, MAKE_ROOM)
    : fail("state.space", what, `no job can run: ${floor}`, MAKE_ROOM);
}

function judgeInodes(stateDir: string, free: number, all: number): Finding {
  // Some file systems have no fixed number of them, and say 0 of 0.
  if (all === 0) return ok("state.inodes", `the disk of ${stateDir} has no limit of files`, "files can be made");
  const what = `the disk of ${stateDir} has room for ${free} files more, of ${all}`;
  if (free >= all * COMFORTABLE_INODES) return ok("state.inodes", what, "files can be made");
  return free >= all * MIN_FREE_INODES
    ? warn("state.inodes", what, "a few more, and no job can run", MAKE_ROOM)
    : fail("state.inodes", what, "no job can run", MAKE_ROOM);
}
