// @ts-types="../../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { markdownToRoff } from "../../../../../scripts/deb/man/markdown.ts";
import { escape, prose } from "../../../../../scripts/deb/man/roff.ts";

const BLOCKS: [what: string, markdown: string, roff: string[]][] = [
  ["a title as nothing, and sections", "# Title\n\n## What's in it\n", [".SH WHAT\\(aqS IN IT"]],
  ["paragraphs", "one\ntwo\n\nthree\n", [".PP", "one two", ".PP", "three"]],
  ["a paragraph that looks like a request", ".TH is one\n", [".PP", "\\&.TH is one"]],
  ["a paragraph that begins with a quote", "'so' it is\n", [".PP", "\\(aqso\\(aq it is"]],
  ["code, and what is bold", "a `--flag` and **much `b` more**\n", [
    ".PP",
    "a \\fB\\-\\-flag\\fR and \\fBmuch b more\\fR",
  ]],
  ["backslashes", "`a\\b` \\* c\n", [".PP", "\\fBa\\eb\\fR * c"]],
  ["links", "see [Disks](disks.md), too\n", [".PP", "see <disks.md>, too"]],
  ["signs that stand alone", "1 * 2 [x] a_b\n", [".PP", "1 * 2 [x] a_b"]],
  ["lists", "- one\n  more\n- two\n\nend\n", [".IP \\(bu 2", "one more", ".IP \\(bu 2", "two", ".PP", "end"]],
  ["numbered lists", "1. one\n   more\n2. two\n", [".IP 1. 3", "one more", ".IP 2. 3", "two"]],
  ["indented code", "    a `b`\n    .c\n\nd\n", [
    ".PP",
    ".RS 4",
    ".EX",
    "a \\(gab\\(ga",
    "\\&.c",
    ".EE",
    ".RE",
    ".PP",
    "d",
  ]],
  ["fenced code", "```json\n{}\n\n  x\n```\n\nd\n", [".PP", ".RS 4", ".EX", "{}", "", "  x", ".EE", ".RE", ".PP", "d"]],
  ["comments as nothing", "<!-- made: x -->\n\na\n\n<!-- end -->\n", [".PP", "a"]],
  [
    "tables",
    "| flag | does |\n| --- | --- |\n| `--a x\\|y` | all of `it` |\n",
    [".PP", ".TP", "\\fB\\-\\-a x|y\\fR", "all of \\fBit\\fR"],
  ],
  [
    "tables of more columns",
    "| a | b | c |\n| - | - | - |\n| 1 | 2 | 3 |\n",
    [".PP", ".TP", "\\fB1\\fR", "b: 2\n.br\nc: 3"],
  ],
];
for (const [what, markdown, roff] of BLOCKS) {
  Deno.test(`markdownToRoff() has ${what}`, () => {
    assertEquals(markdownToRoff(markdown, (target) => `<${target}>`), roff);
  });
}

Deno.test("escape() leaves nothing to roff, and makes ASCII of everything", () => {
  assertEquals(escape("-\\\"'`^~"), "\\-\\e\\(dq\\(aq\\(ga\\(ha\\(ti");
  assertEquals(escape("a…b ─ é"), "a...b \\- \\[u00E9]");
});

Deno.test("prose() leaves what is indented as it is", () => {
  assertEquals(prose("a\nb\n\n  c  d\n  e\nf"), [
    ...[".PP", "a b"],
    ...[".PP", ".RS 4", ".EX", "c  d", "e", ".EE", ".RE"],
    ...[".PP", "f"],
  ]);
});
