/**
 * `berth image ls` and `berth image build`.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { runFront } from "../host/front.ts";
import { hasWindows, STATE } from "../host/windows.ts";
import type { BuildRequest } from "../image/build.ts";
import { Console } from "./console.ts";
import { BUILD_FLAGS } from "./flags.ts";
import { parseFlags } from "./parse.ts";
import { BUILD_WINDOWS } from "./run.ts";
import { readSurroundings } from "./surroundings.ts";

type ImageCommand =
  | { readonly kind: "ls" }
  | { readonly kind: "build"; readonly request: BuildRequest; readonly quiet: boolean };

/** Runs the command and returns the exit status. */
export async function image(argv: readonly string[], mainModule: string): Promise<number> {
  const surroundings = readSurroundings(mainModule);
  const command = parseImageArgs(argv);
  if (!hasWindows()) {
    const args = ["image", ...argv];
    return await runFront({ ...surroundings, args, env: surroundings.hostEnv, windows: BUILD_WINDOWS });
  }
  const console = new Console(command.kind === "build" && command.quiet, [[STATE, surroundings.stateDir]]);
  try {
    if (command.kind === "build") await build(command.request, console);
    else await list();
    return 0;
  } catch (error) {
    console.error(error);
    return 125;
  }
}

/** @throws {BerthError} `usage.*`. Pure. */
export function parseImageArgs([command, ...rest]: readonly string[]): ImageCommand {
  if (command === "ls" && rest.length === 0) return { kind: "ls" };
  if (command === "inspect" || command === "rm") {
    throw new BerthError("usage.not-yet", `berth image ${command} is not there yet`);
  }
  if (command !== "build") {
    const near = didYouMean(command ?? "", ["ls", "build"]);
    throw new BerthError("usage.command", `berth image: "${[command, ...rest].join(" ")}" is not a command${near}`);
  }
  // The name may stand before the flags or after them.
  const before = rest[0]?.startsWith("-") ? [] : rest.slice(0, 1);
  const flags = parseFlags(rest.slice(before.length), BUILD_FLAGS);
  const names = [...before, ...flags.rest];
  if (names.length !== 1) throw new BerthError("usage.command", "berth image build takes one name");
  const suite = flags.value("debian");
  const packages = (flags.value("packages") ?? "").split(",").filter((name) => name);
  const wrong = [suite ?? "", ...packages].find((word) => !/^[a-z0-9.+:=~-]*$/i.test(word) || word.startsWith("-"));
  if (wrong !== undefined) throw new BerthError("usage.value", `"${wrong}" is not a name of a suite or a package`);
  if (packages.length && !suite) throw new BerthError("usage.flag", "--packages needs --debian SUITE");
  return {
    kind: "build",
    request: { name: names[0], debian: suite ? { suite, packages } : undefined },
    quiet: flags.has("quiet"),
  };
}

async function build(request: BuildRequest, console: Console): Promise<void> {
  const { buildImage } = await import("../image/build.ts");
  const { buildHost, openStore } = await import("./image_host.ts");
  const store = openStore();
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(
      signal,
      () => abort.abort(new BerthError("image.build", `the build was ended by ${signal}`)),
    );
  }
  const onWait = () => console.note("another berth is building it; waiting");
  using _lock = await store.lock(request.name, onWait, abort.signal);
  const onProgress = (line: string) => console.note(line);
  await buildImage(store, buildHost(), request, { onProgress, signal: abort.signal });
}

async function list(): Promise<void> {
  const { openStore } = await import("./image_host.ts");
  for (const name of await openStore().names()) console.log(name);
}
