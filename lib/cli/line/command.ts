/**
 * The one form of berth's commands: what the help says of a command, how its words are read, and how it is done.
 *
 * A command is done where it has to be. Most have windows: the front process reads the words, and the host process,
 * which sees the windows and nothing else, reads them again and acts. Their words are names, paths and limits, no secrets
 * and few; what checks them is their parser, in both processes, so there is no second form of them to be kept in step. A
 * job's are another matter: see {@linkcode Handed}. Pure.
 *
 * @module
 */

import type { FrontOptions } from "../../host/front.ts";
import type { Window } from "../../host/windows.ts";
import type { Surroundings } from "../config/surroundings.ts";
import type { Console } from "../terminal/console.ts";
import type { Flag } from "./flag.ts";

/** What the help says of a command beside its flags. */
export interface CommandText {
  /** Its last word, as in `build`. */
  readonly name: string;
  /** What stands behind the name, as in `NAME [flags]`. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  /** What its help says below the flags, or below its commands. */
  readonly more?: string;
}

/** A command that has commands. */
export interface CommandGroup extends CommandText {
  /** In the order of the help. */
  readonly commands: readonly AnyCommand[];
}

/** A command that is done: see {@linkcode Here}, {@linkcode InFront}, {@linkcode Behind}, {@linkcode Handed}. */
export type Command<Args> = CommandText & Line<Args> & (Here<Args> | InFront<Args> | Behind<Args> | Handed);

/** Command of whatever arguments. */
// deno-lint-ignore no-explicit-any -- each has arguments of its own, which go from its parse to its act only
export type AnyCommand = Command<any>;

/** Loads a command, or a group of them: its code is loaded when it is called, or its help is wanted. */
export type LoadCommand = () => Promise<AnyCommand | CommandGroup>;

/** How a command's words are read. */
interface Line<Args> {
  readonly flags: readonly Flag[];
  /** Words that may stand behind it, for completions; absent: those in small letters in `usage`. */
  operands?(program: Pick<Program, "commands">): Promise<readonly string[]>;
  /**
   * Reads the words behind the name.
   *
   * @param surroundings absent: whatever a host can have goes.
   * @throws {BerthError} `usage.*`. Pure.
   */
  parse(argv: readonly string[], surroundings?: Pick<Surroundings, "hostMemoryBytes">): Args;
  /** Whether the user wants no notes. */
  isQuiet?(args: Args): boolean;
  /** The exit status of an error that ends the command; undefined: 125, as ever. */
  statusOf?(error: unknown): number | undefined;
}

/** berth itself, as its commands need it. */
export interface Program {
  /** The URL of main.ts: who runs from source starts the host process by it. */
  readonly mainModule: string;
  /** All commands by their names, in the order of the help. */
  readonly commands: Readonly<Record<string, LoadCommand>>;
}

/** A command that needs nothing of berth's host: the process that was called does it, whatever is configured. */
interface Here<Args> {
  readonly where: "here";
  /** @returns the exit status; nothing is 0. */
  act(args: Args, words: Console, program: Program): Promise<number | void>;
}

/** A command that the front process does, as it is configured. */
interface InFront<Args> {
  readonly where: "front";
  /** @returns the exit status; nothing is 0. */
  act(args: Args, words: Console, call: Call): Promise<number | void>;
}

/** What the host process of a command is to see. */
interface WithWindows<Args> {
  /** Its windows, beside the state folder. Pure. */
  windows(args: Args, surroundings: Pick<Surroundings, "stateDir" | "isRoot">): readonly Window[];
}

/** A command that the host process does. */
interface Behind<Args> extends WithWindows<Args> {
  readonly where: "host";
  /** Does it. @param stateDir the state folder, as the user named it. @returns the exit status; nothing is 0. */
  act(args: Args, words: Console, stateDir: string): Promise<number | void>;
  /** What the front process does around it, when it does not just start the host process and end with its status. */
  inFront?(args: Args, call: Call): Promise<number>;
}

/**
 * A command whose front process reads the words by itself, and hands to the host process what they come to: a value that
 * no command line shows, that may be long, and of which files and the caller's environment are a part.
 */
interface Handed {
  readonly where: "handed";
  /** Reads them, and hands it over. @returns the exit status. */
  inFront(words: readonly string[], program: Program): Promise<number>;
  /** Takes it, and does it. @returns the exit status. */
  act(program: Program): Promise<number>;
}

/** A call of a command in the front process. */
export interface Call {
  /** Its words, with what is configured. */
  readonly argv: readonly string[];
  readonly surroundings: Surroundings;
  /** How its host process is started. */
  readonly host: FrontOptions;
}

/** A command with its names, as in `image build`. */
export interface NamedCommand {
  readonly path: readonly string[];
  readonly command: AnyCommand;
}

/** Whether it has commands. */
export function isGroup(command: AnyCommand | CommandGroup): command is CommandGroup {
  return "commands" in command;
}

/** Whether the command line of a job stands behind the flags: all of that is the job's. */
export function takesJob({ usage }: Pick<CommandText, "usage">): boolean {
  return usage.includes("-- ");
}
