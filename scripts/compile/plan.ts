/**
 * What `deno compile` is told. Pure.
 *
 * @module
 */

/** The part of `deno.json` that the binary depends on. */
export interface Config {
  readonly name: string;
  readonly version: string;
  readonly imports: Readonly<Record<string, string>>;
  readonly permissions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

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

/** A package of npm that is imported, and the folder that its copy is put into. */
export interface Vendored {
  readonly name: string;
  readonly folder: string;
}

const NPM = /^npm:((?:@[^/@]+\/)?[^/@]+)@([^/]+)(?:\/(.+))?$/;

/**
 * Imports of npm's packages as imports of files: of a package everything would be in the binary, and be looked at on each
 * start; of files only what is imported is.
 *
 * @param entryOf tells the file that a package's own name stands for.
 */
export function vendorImports(
  imports: Readonly<Record<string, string>>,
  entryOf: (name: string) => string,
): { imports: Record<string, string>; packages: Vendored[] } {
  const packages = new Map<string, Vendored>();
  const mapped = Object.entries(imports).map(([specifier, target]) => {
    const match = NPM.exec(target);
    if (!match) return [specifier, target];
    const [, name, , path = entryOf(name)] = match;
    const folder = `vendor/${name}`;
    packages.set(name, { name, folder });
    return [specifier, `./${folder}/${path}`];
  });
  return { imports: Object.fromEntries(mapped), packages: [...packages.values()] };
}

/** The file that a package's own name stands for when it is imported. */
export function packageEntry(text: string): string {
  const { exports, module, main } = JSON.parse(text) as {
    exports?: string | Record<string, string | Record<string, string>>;
    module?: string;
    main?: string;
  };
  const own = typeof exports === "object" ? exports["."] ?? exports : exports;
  const entry = typeof own === "object" ? (own as Record<string, string>).import : own;
  const path = entry ?? module ?? main;
  if (typeof path !== "string") throw new Error(`a package whose entry is not plain: ${JSON.stringify(exports)}`);
  return path.replace(/^\.\//, "");
}

/** The arguments of `deno`, in the staged tree. */
export function planCompile(flags: readonly string[], output: string, target: string | undefined): string[] {
  return [
    ...["compile", "--quiet", "--no-prompt", "--no-lock", "--no-remote", "--no-npm"],
    // Types were checked before; raw imports need a flag before Deno 2.9; a code cache would be written at the first start.
    ...["--no-check", "--unstable-raw-imports", "--no-code-cache"],
    ...(target === undefined ? [] : ["--target", target]),
    ...flags,
    ...["--output", output, "main.ts"],
  ];
}
