/**
 * What Deno allows berth, made from the reviewed list, and the variables in that, made from the settings. Pure.
 *
 * @module
 */

import { SETTINGS, STATE_FOLDER } from "../../lib/cli/config/settings.ts";
import { type Permission, PERMISSIONS } from "../../lib/host/permissions.ts";

/** Columns of a line that `deno fmt` leaves as it is. */
const LINE_COLUMNS = 120;

/** The text of `deno.json` with the permissions of berth made anew. */
export function fillPermissions(text: string, permissions: readonly Permission[] = PERMISSIONS): string {
  const kinds = [...new Set(permissions.map(({ kind }) => kind))];
  const lists = kinds.map((kind) => {
    const names = permissions.filter((one) => one.kind === kind).flatMap((one) => one.names);
    return list(kind, names.map((name) => JSON.stringify(name)));
  });
  const filled = text.replace(/(\n {4}"berth": )\{.*?\n {4}\}/s, (_, head) => `${head}{\n${lists.join(",\n")}\n    }`);
  if (filled.includes(lists[0])) return filled;
  throw new Error('deno.json has no permission set "berth" with an indent of 4');
}

function list(kind: string, names: readonly string[]): string {
  const line = `      "${kind}": [${names.join(", ")}]`;
  return line.length < LINE_COLUMNS ? line : `      "${kind}": [\n        ${names.join(",\n        ")}\n      ]`;
}

/** The text of `lib/host/variables.ts`. */
export function variablesModule(): string {
  const names = SETTINGS.filter((setting) => setting !== STATE_FOLDER).map(({ variable }) => `  "${variable}",\n`);
  return `/**
 * The variables that configure a host, one for each flag that can be configured. Made by \`deno task generate\`.
 *
 * @module
 */

/** In the order of the help. */
export const SETTING_VARIABLES = [
${names.join("")}] as const;
`;
}
