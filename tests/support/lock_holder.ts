/**
 * Another process that holds a lock on a file, as `flock` of util-linux takes it.
 *
 * @module
 */

/** Its end lets go of the lock. */
export interface LockHolder extends AsyncDisposable {
  /** Ends it like `kill -9`, and waits for that. */
  kill(): Promise<void>;
}

/** Starts it, and waits until it holds the lock. Who holds the lock already makes that last. */
export async function holdLock(path: string, mode: "shared" | "exclusive"): Promise<LockHolder> {
  // Without a fork the process that is killed is the one that has the file open.
  const script = 'exec flock --no-fork "--$1" "$2" sh -c "echo held; exec cat"';
  const args = ["-c", script, "sh", mode, path];
  const child = new Deno.Command("sh", { args, stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  if (value === undefined) throw new Error(`flock can't hold ${path}`);
  let ended: Promise<void> | undefined;
  const kill = async () => {
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    await child.stdin.close().catch(() => {});
  };
  return { kill: () => ended ??= kill(), [Symbol.asyncDispose]: () => ended ??= kill() };
}
