/**
 * Names that never repeat and can't be guessed.
 *
 * @module
 */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no letter looks like a digit

const ID = new RegExp(`^[${ALPHABET}]{12}$`);

/** A random word of base-32 letters, five bits each. */
function randomWord(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** Id of a job: 60 random bits, short enough for names of cgroups and VMs. */
export function randomId(): string {
  return randomWord(12);
}

/** True for a text that has the form of a job's id. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** Token by which a VM's agent proves who it is: 130 random bits. */
export function randomToken(): string {
  return randomWord(26);
}
