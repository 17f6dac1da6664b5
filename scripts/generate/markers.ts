/**
 * Parts of a text that are made, between markers:
 *
 *     <!-- made: flags run -->
 *     …
 *     <!-- end -->
 *
 * @module
 */

const BEGIN = "<!-- made: ";
const END = "<!-- end -->";

/**
 * The text with each of its parts made anew. Pure.
 *
 * @param make makes a part of what its marker says.
 * @throws {Error} when a marker has no end.
 */
export function fillMarkers(text: string, make: (what: string) => string): string {
  return text.split(BEGIN).map((part, index) => {
    if (index === 0) return part;
    const what = part.slice(0, part.indexOf(" -->"));
    const end = part.indexOf(END);
    if (end < 0) throw new Error(`${BEGIN}${what} --> has no ${END}`);
    return `${BEGIN}${what} -->\n\n${make(what).trimEnd()}\n\n${part.slice(end)}`;
  }).join("");
}
