/**
 * Folders for tests, all below the one that tests may write.
 *
 * @module
 */

/** The one folder that unit tests write. The permission set "test" names it. */
export const TEST_ROOT = "/var/tmp/berth-test";

/** A folder of one test's own, gone when it is disposed. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  await Deno.mkdir(TEST_ROOT, { recursive: true, mode: 0o700 });
  const path = await Deno.makeTempDir({ dir: TEST_ROOT });
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}

/** Removes a tree in which folders may have lost the rights that this takes. */
async function removeTree(path: string): Promise<void> {
  await new Deno.Command("sh", { args: ["-c", 'exec chmod -R u+rwX -- "$1"', "sh", path] }).output();
  await Deno.remove(path, { recursive: true });
}
