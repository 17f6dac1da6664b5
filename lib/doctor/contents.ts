/**
 * What is in berth's own folder: images, and what killed berths have left. Pure.
 *
 * @module
 */

import { type Case, judgeTry, nameSome } from "./case.ts";
import type { Facts } from "./facts.ts";
import { type Finding, type FindingId, ok, warn } from "./finding.ts";

/** Findings on the images: whether they can be run. */
export function judgeImages(_facts: Facts, { tries }: Case): Finding[] {
  return judgeTry("images", tries.images, (images) => {
    const broken = images.filter(({ problem }) => problem !== undefined);
    if (broken.length === 0) {
      const what = images.length
        ? `every image can be run: ${nameSome(images.map(({ name }) => name))}`
        : "no image yet";
      return [
        ok("images.usable", what, images.length ? "jobs can run on them" : "the first job builds the default one"),
      ];
    }
    const what = broken.map(({ name, problem }) => `image "${name}": ${problem}`);
    const fix = `berth image rm ${broken.map(({ name }) => name).join(" ")}`;
    return [warn("images.usable", nameSome(what), "no job can run on them until they are built again", fix)];
  });
}

/** Findings on what `berth gc` would remove. */
export function judgeLeftovers(_facts: Facts, { tries }: Case): Finding[] {
  const area = "leftovers";
  const look = (id: FindingId, what: string, means: string) => (names: readonly string[]): Finding[] => [
    names.length
      ? warn(id, `left by berths that were killed: ${what} ${nameSome(names)}`, means, "berth gc")
      : ok(id, `no ${what} of killed berths`, "nothing is in the way"),
  ];
  return [
    ...judgeTry(area, tries.leftJobs, look("leftovers.jobs", "jobs", "they take space, and maybe memory")),
    ...judgeTry(area, tries.leftGroups, look("leftovers.groups", "groups", "they are empty, and harmless")),
    ...judgeTry(area, tries.leftFiles, look("leftovers.files", "files", "they take space")),
  ];
}
