/**
 * Where use cases tell what goes on.
 *
 * @module
 */

/** Lines for people, one a call. */
export interface Words {
  /** Something worth knowing. */
  note(line: string): void;
  /** From this signal on nobody waits long for who reads the lines. */
  hurryOn(signal: AbortSignal): void;
}
