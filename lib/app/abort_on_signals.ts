/**
 * The end of a use case by somebody who wants this process to end.
 *
 * @module
 */

import { BerthError, type ErrorCode } from "../base/errors.ts";

/** A signal that aborts when somebody wants this process to end. @param doing what is ended then. */
export function abortOnSignals(code: ErrorCode, doing: string): AbortSignal {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => abort.abort(new BerthError(code, `${doing} was ended by ${signal}`)));
  }
  return abort.signal;
}
