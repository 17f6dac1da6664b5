/**
 * What a value can be completed with, told by what the help calls it. Pure.
 *
 * @module
 */

import { takesJob } from "../line/command.ts";
import type { CommandNode } from "../line/command_tree.ts";

/** What may stand somewhere. */
export interface Choices {
  /** Words that stand for themselves, as in `auto|kvm|tcg`. */
  readonly words: readonly string[];
  /** Which paths of the host may stand there instead. */
  readonly paths: "none" | "folders" | "files";
}

/** Of a flag's value, or of one word of a command's usage. */
export function choicesOf(value: string): Choices {
  const forms = value.split("|");
  return {
    words: forms.filter((form) => /^[a-z][a-z0-9-]*$/.test(form)),
    paths: forms.some((form) => /^(FILE|PATH|SOURCE)\b/.test(form))
      ? "files"
      : forms.some((form) => form === "DIR")
      ? "folders"
      : "none",
  };
}

/** Of what a command takes beside its flags; undefined when that is nothing. */
export function operandsOf(node: CommandNode): Choices | undefined {
  // What a job's command line takes, only its guest knows: mostly files.
  if (takesJob(node)) return { words: [], paths: "files" };
  if (node.operands) return { words: node.operands, paths: "none" };
  const operands = node.usage.split(/\[|--/)[0].trim();
  if (operands === "" || node.commands.length) return undefined;
  const all = operands.split(" ").map(choicesOf);
  return {
    words: all.flatMap(({ words }) => words),
    paths: all.find(({ paths }) => paths !== "none")?.paths ?? "none",
  };
}
