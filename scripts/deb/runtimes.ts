/**
 * The runtimes that Deno is known to have published: what `deno task deb` compares with.
 *
 * A digest comes in here from outside of the place where berth is built, and by somebody who has looked: from Deno's own
 * release of that version (`denort-x86_64-unknown-linux-gnu.zip`, whose own digest stands beside it there),
 *
 *     unzip -p denort-x86_64-unknown-linux-gnu.zip denort | sha256sum
 *
 * which is what `berth --version --json` calls `sha256`. Nobody has put one in yet.
 *
 * @module
 */

/** A runtime, and where its digest is from. */
export interface PublishedRuntime {
  readonly version: string;
  readonly sha256: string;
  /** The address of the release, and when somebody compared. */
  readonly source: string;
}

export const PUBLISHED: readonly PublishedRuntime[] = [];

/** What is to be said of a runtime; undefined of one that is published. Pure. */
export function doubtOf(sha256: string, published = PUBLISHED): string | undefined {
  if (published.some((one) => one.sha256 === sha256)) return undefined;
  return `its runtime (sha256 ${sha256}) is not one that Deno is known to have published: see scripts/deb/runtimes.ts`;
}
