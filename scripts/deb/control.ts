/**
 * What the package says of itself. Pure.
 *
 * @module
 */

import type { HostProgram } from "../../lib/host/programs.ts";

/** Nobody's address: no name of a person or a host belongs into a package that anybody can build. */
export const MAINTAINER = "berth maintainers <berth@berth.invalid>";

/** Packages that every Debian and Ubuntu has, and which nothing may depend on by name (Debian policy 3.8). */
export const ESSENTIAL: readonly string[] = ["coreutils", "dpkg", "findutils", "tar", "util-linux"];

/** A version to be packaged. */
export interface Release {
  readonly version: string;
  /** The commit that it was made from, where that is known. */
  readonly commit?: string;
  /** Its time, which is the time of everything in the package. */
  readonly atSeconds: number;
}

/** `debian/control`, from which dpkg-gencontrol makes the package's own; it adds the libraries that berth needs. */
export function sourceControl(programs: readonly HostProgram[]): string {
  const forJobs = packagesOf(programs.filter(({ onlyForImages }) => !onlyForImages));
  const forImages = packagesOf(programs).filter((name) => !forJobs.includes(name));
  return `Source: berth
Section: admin
Priority: optional
Maintainer: ${MAINTAINER}
Standards-Version: 4.6.2

Package: berth
Architecture: amd64
Depends: \${shlibs:Depends}, ${forJobs.join(", ")}
Recommends: ${forImages.join(", ")}
Description: each CI job in its own throwaway microVM
 berth boots a small virtual machine for a job, streams the job's output, ends
 with the job's exit status, says truthfully why it ended, and leaves nothing
 behind. Each of these machines is in a cgroup of its own, and its VMM in a
 jail.
 .
 It is for hosts that run code which nobody has reviewed: pull requests,
 customers' builds, agents' output.
`;
}

/** `debian/changelog`, of the one version. */
export function changelog({ version, commit, atSeconds }: Release): string {
  const at = new Date(atSeconds * 1000).toUTCString().replace("GMT", "+0000");
  const from = commit ? `, made from commit ${commit}` : "";
  return `berth (${version}) unstable; urgency=medium

  * Version ${version}${from}.

 -- ${MAINTAINER}  ${at}
`;
}

/** Each once, without those that are always there. */
function packagesOf(programs: readonly HostProgram[]): string[] {
  const names = programs.map((program) => program.package).filter((name) => !ESSENTIAL.includes(name));
  return [...new Set(names)].toSorted();
}
