/**
 * How the kernel reads and shows the io controller's files, which have lines for devices. Pure.
 *
 * @module
 */

import { Refused } from "./fake_cgroup_values.ts";

/** `MAJOR:MINOR` in front, and what follows (block/blk-cgroup.c, blkg_conf_prep). */
function splitDevice(text: string, devices: readonly string[]): [device: string, rest: string] {
  const match = /^(\d+:\d+)\s+(.*)$/.exec(text);
  if (!match) throw new Refused("EINVAL");
  if (!devices.includes(match[1])) throw new Refused("ENODEV");
  return [match[1], match[2]];
}

/** The content with one device's line replaced, or without it. */
function replaceLine(content: string, device: string, line: string | undefined): string {
  const others = content.split("\n").filter((one) => one !== "" && !one.startsWith(`${device} `));
  return [...others, ...(line === undefined ? [] : [`${device} ${line}`])].join("\n");
}

function parseWeight(text: string): number {
  const weight = Number(/^\d+/.exec(text)?.[0]);
  // EINVAL here, where cpu.weight has ERANGE (block/blk-iocost.c, ioc_weight_write).
  if (!(weight >= 1 && weight <= 10_000)) throw new Refused("EINVAL");
  return weight;
}

/** `io.weight`: a default, with or without that word, and weights of devices. */
export function parseIoWeight(text: string, before: string, devices: readonly string[]): string {
  if (!text.includes(":")) {
    const [, ...others] = before.split("\n");
    return [`default ${parseWeight(text.replace(/^default\s+/, ""))}`, ...others].join("\n");
  }
  const [device, rest] = splitDevice(text, devices);
  return replaceLine(before, device, rest.startsWith("default") ? undefined : String(parseWeight(rest)));
}

const RATES = ["rbps", "wbps", "riops", "wiops"];

/** `io.max`: 0 is ERANGE; a device without limits has no line (block/blk-throttle.c, tg_set_limit). */
export function parseIoMax(text: string, before: string, devices: readonly string[]): string {
  const [device, rest] = splitDevice(text, devices);
  const line = before.split("\n").find((one) => one.startsWith(`${device} `)) ?? "";
  const rates = new Map(RATES.map((key) => [key, new RegExp(`${key}=(\\w+)`).exec(line)?.[1] ?? "max"]));
  for (const word of rest.split(" ").filter((one) => one)) {
    const [key, value = ""] = word.split("=", 2);
    const rate = value === "max" ? value : /^\d+/.exec(value)?.[0];
    if (rate === undefined) throw new Refused("EINVAL");
    if (Number(rate) === 0) throw new Refused("ERANGE");
    if (!rates.has(key)) throw new Refused("EINVAL");
    rates.set(key, rate);
  }
  const shown = [...rates].map(([key, rate]) => `${key}=${rate}`).join(" ");
  return replaceLine(before, device, [...rates.values()].every((rate) => rate === "max") ? undefined : shown);
}
