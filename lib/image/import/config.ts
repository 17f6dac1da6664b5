/**
 * What an image's config says about the jobs that run in it, in every form that builders write it. Pure.
 *
 * The form is that of the OCI image specification (config.md). Builders in Go write `null` for what is empty, some write
 * nothing, an empty text, or one word where there should be a list of words; Docker reads all of these.
 *
 * @module
 */

import * as z from "zod";
import { BerthError } from "../../base/errors.ts";
import type { JobDefaults } from "../spec.ts";
import { parseJson } from "./json.ts";
import { plainWords } from "./words.ts";

/** No NUL can be handed to a program. */
const NO_NUL = z.string().check(z.regex(/^[^\0]*$/, "has a NUL in it"));
/** Words that were meant as text, whatever they became on the way through YAML. */
const word = z.union([NO_NUL, z.pipe(z.number(), z.transform(String)), z.pipe(z.boolean(), z.transform(String))]);
const words = z.pipe(
  z.nullish(z.union([z.array(word), z.pipe(word, z.transform((one) => [one]))])),
  // Docker's way to take back what an image below has.
  z.transform((list) => list?.length === 1 && list[0] === "" ? [] : list ?? []),
);
const text = z.pipe(z.nullish(word), z.transform((one) => one ?? ""));

const CONFIG = z.looseObject({
  architecture: text,
  os: text,
  config: z.nullish(z.looseObject({
    User: text.check(z.refine((user) => !/\p{Cc}/u.test(user), "has a control character in it")),
    Env: words,
    Entrypoint: words,
    Cmd: words,
    WorkingDir: text,
  })),
});

/** What builders call the one machine that berth has. */
const MACHINES = ["", "amd64", "x86_64", "x86-64"];

/** True for an image whose platform is this one; what is not said counts as it. */
export function isRunnable({ os, architecture }: { os?: string | null; architecture?: string | null }): boolean {
  return ["", "linux"].includes(os?.toLowerCase() ?? "") && MACHINES.includes(architecture?.toLowerCase() ?? "");
}

/**
 * Defaults for jobs of an image's config.
 *
 * @throws {BerthError} `image.import` when the image is for another machine.
 */
export function parseConfig(text: string, where: string): JobDefaults {
  const { architecture, os, config } = parseJson(CONFIG, text, where);
  if (!isRunnable({ os, architecture })) {
    const platform = plainWords(`${os || "linux"}/${architecture || "amd64"}`);
    throw new BerthError("image.import", `${where}: the image is for ${platform}; berth runs linux/amd64`);
  }
  const { User = "", Env = [], Entrypoint = [], Cmd = [], WorkingDir = "" } = config ?? {};
  const argv = [...Entrypoint, ...Cmd];
  // What is not NAME=VALUE is no variable.
  const env = Env.filter((entry) => entry.indexOf("=") > 0)
    .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]);
  return {
    ...(argv.length ? { argv } : {}),
    ...(env.length ? { env: Object.fromEntries(env) } : {}),
    ...(User ? { user: User } : {}),
    ...(WorkingDir ? { workdir: WorkingDir.startsWith("/") ? WorkingDir : `/${WorkingDir}` } : {}),
  };
}
