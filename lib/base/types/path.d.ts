// Types of the few functions of @std/path that are used here; the npm package that carries it has none.

export function basename(path: string, suffix?: string): string;
export function dirname(path: string): string;
export function join(...paths: string[]): string;
export function fromFileUrl(url: string | URL): string;
