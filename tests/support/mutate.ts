/**
 * Damage, the same in every run: for texts and bytes that parsers must refuse or bear.
 *
 * @module
 */

type Random = (bound: number) => number;

const VALUES = ["null", "[]", "{}", "-1", "1e999", '""', '"../../x"', '"\\u0000"', "true", '"__proto__"', "0.5", '"a"'];

/** A JSON text with some of its values replaced, doubled, removed or cut. */
export function mutateJson(text: string, random: Random): string {
  let json = text;
  for (let count = 1 + random(4); count > 0; count--) {
    const at = random(json.length + 1);
    const end = Math.min(json.length, at + random(12));
    const pick = VALUES[random(VALUES.length)];
    switch (random(5)) {
      case 0:
        json = json.slice(0, at) + json.slice(end);
        break;
      case 1:
        json = json.slice(0, at) + String.fromCharCode(random(0x180)) + json.slice(at);
        break;
      case 2:
        json = json.slice(0, at) + pick + json.slice(end);
        break;
      default:
        json = replaceValue(json, pick, random);
    }
  }
  return json;
}

/** Replaces one value, so that the text stays JSON. */
function replaceValue(json: string, value: string, random: Random): string {
  const values = [...json.matchAll(/(?<=[:[,])("(?:[^"\\]|\\.)*"|-?\d+|null|\[\]|\{\})(?=[,\]}])/g)];
  const found = values[random(values.length || 1)];
  if (!found) return json;
  return json.slice(0, found.index) + value + json.slice(found.index + found[0].length);
}

/** Bytes with some changed, cut off, or moved. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  for (let count = random(8); count > 0 && copy.length; count--) copy[random(copy.length)] = random(256);
  if (random(3) === 0) return copy.slice(0, random(copy.length + 1));
  if (random(4) === 0) copy.copyWithin(random(copy.length + 1), random(copy.length + 1));
  return copy;
}
