/**
 * Text as roff, in the macros of man(7). Pure.
 *
 * @module
 */

/** Characters that roff would take for its own, and what there is in ASCII for others. */
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ "\\": "\\e", "-": "\\-", '"': "\\(dq", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti" },
  ...{ "…": "...", "–": "\\-", "→": ">", "►": ">", "◄": "<", "▲": "^", "▼": "v", "─": "\\-", "│": "|" },
  ...Object.fromEntries([..."┌┐└┘├┤┬┴┼"].map((corner) => [corner, "+"])),
};

/** Text in which nothing means anything to roff. */
export function escape(text: string): string {
  return text.replace(/[\\"'`^~-]|[^\n -~]/g, (one) => ESCAPES[one] ?? `\\[u${hex(one)}]`);
}

function hex(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
}

/** A line, which is no request whatever it begins with. @param escaped see {@linkcode escape}. */
export function line(escaped: string): string {
  return escaped.replace(/^(?=[.'])/, "\\&");
}

/** Words in bold. @param escaped see {@linkcode escape}. */
export function bold(escaped: string): string {
  return `\\fB${escaped}\\fR`;
}

/** A page of the manual, as in `berth-run(1)`. */
export interface PageName {
  readonly name: string;
  readonly section: 1 | 5 | 7 | 8;
}

/** A mention of a page. */
export function mention({ name, section }: PageName): string {
  return `${bold(escape(name))}(${section})`;
}

/** A term, and what it is. Both escaped. */
export function item(term: string, text: string): string[] {
  return [".TP", line(bold(term)), line(text)];
}

/** Lines that stay as they are. */
export function example(lines: readonly string[]): string[] {
  return [".PP", ".RS 4", ".EX", ...lines.map((one) => line(escape(one))), ".EE", ".RE"];
}

/** Paragraphs of a help text; what is indented stays as it is. */
export function prose(text: string): string[] {
  const parts = text.split("\n").reduce((parts, one) => {
    const last = parts.at(-1);
    const isAsIs = one.startsWith("  ");
    if (last && last.isAsIs === isAsIs && one !== "") last.lines.push(one);
    else parts.push({ isAsIs, lines: one === "" ? [] : [one] });
    return parts;
  }, [] as { isAsIs: boolean; lines: string[] }[]);
  return parts.filter(({ lines }) => lines.length).flatMap(({ isAsIs, lines }) =>
    isAsIs ? example(lines.map((one) => one.slice(2))) : [".PP", line(escape(lines.join(" ")))]
  );
}

/** What every page begins with. @param date as in `2026-11-21`. */
export function head(page: PageName, summary: string, version: string, date: string): string[] {
  const manuals = { 1: "User Commands", 5: "File Formats", 7: "Miscellanea", 8: "System Administration" };
  return [
    `.TH ${page.name.toUpperCase()} ${page.section} ${date} "berth ${escape(version)}" "${manuals[page.section]}"`,
    // Names of variables and paths are to be copied: no word is cut.
    ".nh",
    ".ad l",
    ".SH NAME",
    `${escape(page.name)} \\- ${escape(summary)}`,
  ];
}

/** Where more is. */
export function seeAlso(pages: readonly PageName[]): string[] {
  if (pages.length === 0) return [];
  return [".SH SEE ALSO", pages.map(mention).join(",\n")];
}
