// Types of what the tests use of @std/assert; the npm package that carries it has none.

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = new (...args: any[]) => E;

export function assert(expr: unknown, msg?: string): asserts expr;
export function assertEquals<T>(actual: T, expected: NoInfer<T>, msg?: string): void;
export function assertNotEquals<T>(actual: T, expected: NoInfer<T>, msg?: string): void;
export function assertInstanceOf<E extends Error>(
  actual: unknown,
  expectedType: ErrorClass<E>,
  msg?: string,
): asserts actual is E;
export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
export function assertThrows<E extends Error>(fn: () => unknown, errorClass: ErrorClass<E>, msgIncludes?: string): E;
export function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
): Promise<E>;
