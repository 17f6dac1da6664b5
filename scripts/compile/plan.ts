/**
 * What `deno compile` is told. Pure.
 *
 * @module
 */

/** What the version is stamped with, where the sources are a git checkout. */
export interface Commit {
  /** A short hash. */
  readonly hash: string;
  /** When it was made, in seconds since 1970: the time of all files in the binary. */
  readonly epoch: string;
  /** Whether the sources differ from it. */
  readonly isDirty: boolean;
}

/** For which machines a binary can be made, by the names of `uname -m`. */
export const TARGETS: Readonly<Record<string, string>> = {
  x86_64: "x86_64-unknown-linux-gnu",
  aarch64: "aarch64-unknown-linux-gnu",
};

/** A version of semver, build metadata included: `0.1.0+g0123456789ab`, `.dirty` behind it when the sources differ. */
export function stampVersion(version: string, commit: Commit | undefined): string {
  return commit ? `${version}+g${commit.hash}${commit.isDirty ? ".dirty" : ""}` : version;
}

/**
 * A set of permissions as flags. Deno before 2.9 has no permission of its own for unix sockets, which reading and writing
 * their paths includes there, and does not understand their names.
 *
 * @param denoVersion of the Deno that compiles, as in `2.9.6`.
 */
export function permissionFlags(set: Readonly<Record<string, readonly string[]>>, denoVersion: string): string[] {
  const [major, minor] = denoVersion.split(".").map(Number);
  const hasSockets = major > 2 || (major === 2 && minor >= 9);
  return Object.entries(set).flatMap(([kind, values]) => {
    const named = values.filter((value) => hasSockets || !value.startsWith("unix:"));
    // Without a name the flag would allow everything.
    return named.length === 0 ? [] : [`--allow-${kind}=${named.join(",")}`];
  });
}

/**
 * The arguments of `deno` that make a few files of the sources, without what nobody uses: each module that is looked up
 * takes its time at each start. What is imported late is in files of its own.
 *
 * @param output a folder.
 */
export function planBundle(output: string): string[] {
  return [
    ...["bundle", "--quiet", "--frozen", "--node-modules-dir=auto", "--no-remote", "--unstable-raw-imports"],
    // Names stay, for whoever reads where something went wrong.
    ...["--platform", "deno", "--code-splitting", "--outdir", output, "main.ts"],
  ];
}

/** The arguments of `deno`, in the folder of the bundle. */
export function planCompile(flags: readonly string[], output: string, target: string | undefined): string[] {
  return [
    ...["compile", "--quiet", "--no-prompt", "--no-lock", "--no-remote", "--no-npm"],
    // Types were checked before; a code cache would be written at the first start.
    ...["--no-check", "--no-code-cache"],
    ...(target === undefined ? [] : ["--target", target]),
    ...flags,
    ...["--output", output, "main.js"],
  ];
}
