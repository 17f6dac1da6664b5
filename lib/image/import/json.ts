/**
 * JSON that somebody else has written. Pure.
 *
 * @module
 */

import type * as z from "zod";
import { checkBounded, TOO_MUCH_WRONG } from "../../base/check_bounded.ts";
import { BerthError } from "../../base/errors.ts";
import { plainWords, ZOD_WORDS } from "./words.ts";

/** Parses JSON of a certain shape. @throws {BerthError} `image.import`; nothing of the text is in the message. */
export function parseJson<T>(schema: z.ZodMiniType<T>, text: string, where: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BerthError("image.import", `${where}: this is not JSON`);
  }
  const result = checkBounded(() => schema.safeParse(json, ZOD_WORDS));
  if (!result) throw new BerthError("image.import", `${where}: ${TOO_MUCH_WRONG}`);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = plainWords(issue.path.map(String).join("."));
  throw new BerthError("image.import", `${where}: ${field || "it"}: ${plainWords(issue.message)}`);
}
