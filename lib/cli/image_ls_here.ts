/**
 * `berth image ls` in the host process.
 *
 * @module
 */

import { STATE } from "../host/windows.ts";
import { surveyImages } from "../image/survey.ts";
import { readImageUsers } from "../job/running.ts";
import type { SubcommandContext } from "./subcommand.ts";
import { openStore } from "./image_host.ts";
import { type LsArgs, renderJson, renderTable } from "./image_ls.ts";

/** Prints the list. */
export async function lsHere({ json }: LsArgs, { words }: SubcommandContext): Promise<void> {
  const [facts, users] = [await surveyImages(openStore()), await readImageUsers(`${STATE}/jobs`)];
  const images = facts.map((image) => ({ ...image, usedBy: users.get(image.name) ?? [] }));
  for (const { name, problem } of images) if (problem) words.note(`image "${name}" can't be run: ${problem}`);
  if (json) console.log(renderJson(images));
  else for (const line of renderTable(images, Date.now())) console.log(line);
}
