/**
 * The tests that `deno task test` runs beside the gate: they touch each promise of berth once, so they prove an
 * installation. Everything else is for `deno task test:all`.
 *
 * @module
 */

/** A test of the core. */
export interface CoreTest {
  readonly suite: "vm" | "faults" | "host";
  /** As the test is called, to the letter. */
  readonly name: string;
  /** Which promise it is there for. */
  readonly why: string;
}

/** In the order of their suites. */
export const CORE: readonly CoreTest[] = [];
