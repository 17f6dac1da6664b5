/**
 * The commands of berth, each of which is loaded only when it is called, or its help is wanted.
 *
 * @module
 */

import type { LoadCommand } from "./line/command.ts";

/** By their names, in the order of the help. */
export const COMMANDS = {
  run: async () => (await import("./run/run.ts")).RUN,
  update: async () => (await import("./update/update.ts")).UPDATE,
  image: async () => (await import("./image/image.ts")).IMAGE,
  cache: async () => (await import("./cache.ts")).CACHE,
  gc: async () => (await import("./gc/gc.ts")).GC,
  setup: async () => (await import("./setup.ts")).SETUP,
  doctor: async () => (await import("./doctor/doctor.ts")).DOCTOR,
  serve: async () => (await import("./serve/serve.ts")).SERVE,
  systemd: async () => (await import("./systemd.ts")).SYSTEMD,
  config: async () => (await import("./config/config.ts")).CONFIG,
  completions: async () => (await import("./completions/completions.ts")).COMPLETIONS,
  help: async () => (await import("./help.ts")).HELP,
} as const satisfies Readonly<Record<string, LoadCommand>>;

/** Commands of the design that are still to come. */
export const COMMANDS_NOT_YET = ["submit", "ps", "logs", "wait", "kill"];
