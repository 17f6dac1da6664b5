/**
 * The Markdown of the topics as roff: what they use of it, and no more. Pure.
 *
 * @module
 */

import { bold, escape, example, item, line } from "./roff.ts";

/** What a link is to be, by its target, as in `disks.md`. */
export type Mention = (target: string) => string;

/** A block, and how many lines it takes. */
interface Block {
  readonly roff: readonly string[];
  readonly lines: number;
}

/** The text without its title; sections begin with `.SH`. */
export function markdownToRoff(text: string, mention: Mention): string[] {
  const lines = text.split("\n").filter((one) => !/^<!-- .* -->$/.test(one) && !one.startsWith("# "));
  const roff: string[] = [];
  for (let at = 0; at < lines.length;) {
    const block = readBlock(lines.slice(at), mention);
    roff.push(...block.roff);
    at += block.lines;
  }
  return roff;
}

function readBlock(lines: readonly string[], mention: Mention): Block {
  const [first] = lines;
  if (first === "") return { roff: [], lines: 1 };
  if (first.startsWith("## ")) return { roff: [`.SH ${escape(first.slice(3).toUpperCase())}`], lines: 1 };
  if (first.startsWith("```")) {
    const code = lines.slice(1, lines.indexOf("```", 1));
    return { roff: example(code), lines: code.length + 2 };
  }
  if (first.startsWith("    ")) {
    const code = takeWhile(lines, (one) => one.startsWith("    "));
    return { roff: example(code.map((one) => one.slice(4))), lines: code.length };
  }
  if (first.startsWith("| ")) {
    const rows = takeWhile(lines, (one) => one.startsWith("| "));
    return { roff: tableToRoff(rows, mention), lines: rows.length };
  }
  const [mark] = /^(- |\d+\. )/.exec(first) ?? [""];
  const own = [first, ...takeWhile(lines.slice(1), (one) => isContinued(one, mark))];
  const words = own.map((one) => one.slice(mark.length).trim()).join(" ");
  const begin = mark === "" ? ".PP" : mark === "- " ? ".IP \\(bu 2" : `.IP ${mark.trim()} 3`;
  return { roff: [begin, line(inline(words, mention))], lines: own.length };
}

/** Whether a line goes on with a paragraph, or with the item of a list that begins with `mark`. */
function isContinued(text: string, mark: string): boolean {
  return mark ? text.startsWith(" ".repeat(mark.length)) : text !== "" && !/^(- |\d+\. |\| |```)/.test(text);
}

/** A table as a list of terms: the first column's. With more than two, each cell is said with its head. */
function tableToRoff(lines: readonly string[], mention: Mention): string[] {
  const [[, ...heads], , ...rows] = lines.map(cellsOf);
  return [".PP", ...rows.flatMap(([term, ...cells]) => item(plain(term), cellText(heads, cells, mention)))];
}

function cellText(heads: readonly string[], cells: readonly string[], mention: Mention): string {
  if (cells.length === 1) return inline(cells[0], mention);
  return cells.map((cell, index) => `${inline(heads[index], mention)}: ${inline(cell, mention)}`).join("\n.br\n");
}

function cellsOf(row: string): string[] {
  return row.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.replaceAll("\\|", "|").trim());
}

/** Words of a paragraph: code and what is bold in bold, links as mentions. */
function inline(text: string, mention: Mention): string {
  const tokens = text.matchAll(/`([^`]+)`|\*\*(.+?)\*\*|\[[^\]]+\]\(([^)]+)\)|\\([^\w\s])|[^`*[\\]+|./gs);
  return [...tokens].map(([whole, code, strong, target, escaped]) => {
    if (code !== undefined) return bold(escape(code));
    if (strong !== undefined) return bold(plain(strong));
    if (target !== undefined) return mention(target);
    return escape(escaped ?? whole);
  }).join("");
}

/** Words in which nothing stands out, as all of them do. */
function plain(text: string): string {
  return escape(text.replaceAll("`", ""));
}

function takeWhile(lines: readonly string[], goesOn: (line: string) => boolean): readonly string[] {
  const end = lines.findIndex((one) => !goesOn(one));
  return end < 0 ? lines : lines.slice(0, end);
}
