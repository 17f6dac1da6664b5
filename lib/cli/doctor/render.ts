/**
 * What `berth doctor` says. Pure.
 *
 * @module
 */

import { printable } from "../../base/bytes_text.ts";
import { areaOf, type Finding, type Status } from "../../doctor/finding.ts";
import { worstOf } from "../../doctor/judge.ts";
import { toJson } from "../terminal/json.ts";

/** Of the JSON: it goes up when a field goes away, or means something else. */
const FORM = 1;
/** What matters most is last, where the eye is when the list has gone by. */
const ORDER: readonly Status[] = ["ok", "warn", "fail"];
const INDENT = " ".repeat(6);

/** The list for people, and a line with the sum of it. */
export function renderList(findings: readonly Finding[]): string[] {
  const sorted = ORDER.flatMap((status) => findings.filter((finding) => finding.status === status));
  const width = Math.max(0, ...sorted.map(({ id }) => id.length));
  return [...sorted.flatMap((finding) => renderFinding(finding, width)), "", summarize(findings)];
}

function renderFinding({ id, status, what, means, fix }: Finding, width: number): string[] {
  const head = `${status.padEnd(4)}  ${id.padEnd(width)}  ${what}`;
  // Of what is well nobody wants to read more than a line, unless it can be better still.
  const more = status === "ok" && !fix ? [] : [`${INDENT}means: ${means}`, ...(fix ? [`${INDENT}fix:   ${fix}`] : [])];
  // Words of programs may stand in it: no terminal is to obey them.
  return [head, ...more].map(printable);
}

function summarize(findings: readonly Finding[]): string {
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length;
  const sum = `${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} that keep jobs from running`;
  return { ok: `${sum}: this host is well`, warn: `${sum}: jobs run here`, fail: sum }[worstOf(findings)];
}

/** The same for programs: every finding has every field, and `null` is what there is not. */
export function renderJson(findings: readonly Finding[], berth: string): string {
  const told = {
    version: FORM,
    berth,
    status: worstOf(findings),
    findings: findings.map((finding) => ({
      id: finding.id,
      area: areaOf(finding),
      status: finding.status,
      what: finding.what,
      means: finding.means,
      fix: finding.fix ?? null,
    })),
  };
  return toJson(told, 2);
}
