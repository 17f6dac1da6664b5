/**
 * This host's apt configuration, as far as the root image is built from it. So the tree names no mirror
 * and no proxy, and the image comes from where this host's own packages come from.
 *
 * @module
 */
import { BerthError } from "../../lib/base/errors.ts";
import { readOutput } from "./child.ts";
import type { Bound } from "./wait.ts";

/** What a build takes over from the host. */
export interface AptSetup {
  /** One-line sources: `deb URI SUITE COMPONENT`. */
  readonly sources: readonly string[];
  /** Options in apt.conf's syntax. */
  readonly options: readonly string[];
}

/** Debian's own archives only, by the origin that their signed release files state. */
const INDEX_FORMAT = "$(ORIGIN)|$(CREATED_BY)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)";

/** Picks Debian's lines from `apt-get indextargets --format` with {@linkcode INDEX_FORMAT}. */
export function parseSources(indexTargets: string): string[] {
  const prefix = "Debian|Packages|";
  const lines = indexTargets.split("\n").filter((line) => line.startsWith(prefix));
  return [...new Set(lines.map((line) => line.slice(prefix.length)))].sort();
}

/** Picks from `apt-config dump` how to reach and to date-check an archive: proxies, certificates, validity. */
export function parseOptions(dump: string): string[] {
  const wanted = /^Acquire::(https?|ftp|Check-Valid-Until|Check-Date|Retries)(::\S*)? ".+";$/;
  return dump.split("\n").filter((line) => wanted.test(line));
}

/**
 * Asks apt.
 *
 * @throws {BerthError} where apt knows no Debian archive
 */
export async function readAptSetup(bound: Bound): Promise<AptSetup> {
  const ask = (...argv: string[]) => readOutput({ what: argv.slice(0, 2).join(" "), argv, limitMs: 30_000 }, bound);
  const sources = parseSources(await ask("apt-get", "indextargets", "--format", INDEX_FORMAT));
  if (sources.length === 0) {
    throw new BerthError("process.failed", "apt knows no Debian archive: run `apt-get update` first");
  }
  return { sources, options: parseOptions(await ask("apt-config", "dump")) };
}
