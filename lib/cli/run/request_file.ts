/**
 * `--request`: the job that a file asks for.
 *
 * @module
 */

import { BerthError, describeError } from "../../base/errors.ts";
import { readCallerFile } from "../../host/caller.ts";
import { MOST_REQUEST_BYTES } from "../../host/request.ts";
import { parseRequest } from "../../job/request/parse.ts";
import { type Values, valuesIn } from "../line/given.ts";

/**
 * Reads a request, as the caller's own user.
 *
 * @param path of the host, or `-` for standard input, to its end. @param hostMemoryBytes what a guest can have at most.
 * @throws {BerthError} `usage.request`.
 */
export async function readRequestFile(path: string, hostMemoryBytes: number): Promise<Values> {
  const where = `--request ${path}`;
  let text: string;
  try {
    // What reads it takes - for standard input, too.
    const bytes = await readCallerFile(path, MOST_REQUEST_BYTES);
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const reason = error instanceof TypeError ? "it is not UTF-8" : describeError(error);
    throw new BerthError("usage.request", `${where}: it can't be read: ${reason}`);
  }
  return valuesIn(parseRequest(text, where, hostMemoryBytes));
}
