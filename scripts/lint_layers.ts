/**
 * The house's own lint rules, as a plugin of `deno lint`:
 *
 * - `imports-point-down`: a module imports from its own folder and from those below it in the list, never from above.
 *   Some folders reach others through a third one only (`OUT_OF_REACH`): they import nothing there but values
 *   (`VALUES`), and nobody hands more on to them. What is behind a port is imported by the one module that chooses it
 *   (`BEHIND_A_PORT`);
 * - `ambient-state`: the process is left in `main.ts` only, and its surroundings are read in `lib/cli` only.
 *
 * `scripts/` and `tests/` are not part of the house, so they may do as they like.
 *
 * @module
 */

/** From the top to the bottom. */
const LAYERS = [
  ...[
    "main.ts",
    "lib/cli",
    "lib/app",
    "lib/serve",
    "lib/doctor",
    "lib/job",
    "lib/machine",
    "lib/vmm",
    "lib/guest",
    "lib/image",
  ],
  ...["lib/disk", "lib/cgroup", "lib/files", "lib/process", "lib/host", "lib/docs", "lib/base"],
];
/** Rooms that one reaches through another one only: what is done there is a use case's to choose. */
const OUT_OF_REACH: Readonly<Record<string, readonly string[]>> = {
  "lib/cli": ["lib/vmm", "lib/guest", "lib/process", "lib/cgroup"],
};
/** Modules of such rooms that are values alone, and may be read from anywhere above. */
const VALUES = ["lib/cgroup/defaults.ts"];
/** Parts of rooms behind a port, and the one module that chooses them: all others take what they are handed. */
const BEHIND_A_PORT: Readonly<Record<string, string>> = {
  "lib/vmm/qemu": "lib/app/vmm.ts",
};
/** What is no code, and may be imported from anywhere but the bottom. */
const DATA = ["deno.json"];

/** Members of `Deno`, and where they may be used. */
const AMBIENT: Readonly<Record<string, readonly string[]>> = {
  exit: ["main.ts"],
  args: ["main.ts", "lib/cli"],
  cwd: ["main.ts", "lib/cli"],
  env: ["main.ts", "lib/cli"],
};

const ROOT = new URL("..", import.meta.url).href;

/** The place of a file or URL in the project; undefined for what is not in it. */
function place(url: string): string | undefined {
  return url.startsWith(ROOT) ? decodeURIComponent(url.slice(ROOT.length)) : undefined;
}

function layerOf(path: string): string | undefined {
  return LAYERS.find((layer) => path === layer || path.startsWith(`${layer}/`));
}

/** Whether the rules are for this file. */
function isOfTheHouse(path: string | undefined): path is string {
  return path !== undefined && (path.startsWith("lib/") || layerOf(path) !== undefined);
}

function urlOf(filename: string): string {
  return filename.startsWith("file:") ? filename : new URL(`file://${filename}`).href;
}

/** What is wrong with an `export … from`; undefined when nothing is. Whoever is above would reach through it. */
function problemOfHandingOn(from: string, specifier: string): string | undefined {
  const [layer, room] = [layerOf(from), layerOf(place(new URL(specifier, ROOT + from).href) ?? "")];
  if (layer === undefined || room === undefined || layer === room) return undefined;
  const kept = Object.keys(OUT_OF_REACH).find((above) => OUT_OF_REACH[above].includes(room));
  return kept && `${room} is out of reach for ${kept}, so ${layer} must not hand it on`;
}

/** What is wrong with an import; undefined when nothing is. */
function problemOf(from: string, specifier: string): string | undefined {
  const layer = layerOf(from);
  if (layer === undefined) return `${from} is in no folder of the list; put the module where it belongs`;
  const isPath = /^(\.{0,2}\/|file:)/.test(specifier);
  if (!isPath) {
    const isRefused = layer === "lib/base" && (!specifier.startsWith("@std/") || specifier === "@std/fs");
    return isRefused ? `lib/base imports nothing but itself and @std, not ${specifier}` : undefined;
  }
  const target = place(new URL(specifier, ROOT + from).href);
  if (target === undefined) return `${specifier} is not in the project`;
  if (layer !== "lib/base" && DATA.includes(target)) return undefined;
  const below = layerOf(target);
  if (below === undefined) return `${target} is in no folder that ${layer} may import from`;
  if (OUT_OF_REACH[layer]?.includes(below) && !VALUES.includes(target)) {
    return `${below} is for lib/app to call, not for ${layer}`;
  }
  const port = Object.keys(BEHIND_A_PORT).find((part) => target.startsWith(`${part}/`));
  if (port !== undefined && from !== BEHIND_A_PORT[port] && !from.startsWith(`${port}/`)) {
    return `${port} is for ${BEHIND_A_PORT[port]} to choose, not for ${from}`;
  }
  if (LAYERS.indexOf(below) >= LAYERS.indexOf(layer)) return undefined;
  return `imports only point down, and ${below} is above ${layer}`;
}

/** The text of a literal or of a template without holes. */
function textOf(node: Deno.lint.Node | null | undefined): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral" && node.quasis.length === 1) return node.quasis[0].cooked;
}

const importsPointDown: Deno.lint.Rule = {
  create(context) {
    const from = place(urlOf(context.filename));
    if (!isOfTheHouse(from)) return {};
    const check = (node: Deno.lint.Node, source: Deno.lint.Node | null | undefined, problem = problemOf) => {
      const specifier = textOf(source);
      const message = specifier === undefined
        ? "an import must name its module in plain text, so that it can be checked"
        : problem(from, specifier);
      if (message) context.report({ node, message });
    };
    const handsOn = (from: string, specifier: string) =>
      problemOf(from, specifier) ?? problemOfHandingOn(from, specifier);
    return {
      ImportDeclaration: (node) => check(node, node.source),
      ExportAllDeclaration: (node) => check(node, node.source, handsOn),
      ExportNamedDeclaration: (node) => node.source && check(node, node.source, handsOn),
      ImportExpression: (node) => check(node, node.source),
      TSImportType: (node) =>
        check(node, node.argument.type === "TSLiteralType" ? node.argument.literal : node.argument),
    };
  },
};

/** Whether a node stands for the global `Deno`. */
function isDeno(node: Deno.lint.Node | null | undefined): boolean {
  if (node?.type === "Identifier") return node.name === "Deno";
  return node?.type === "MemberExpression" && nameOf(node) === "Deno" &&
    node.object.type === "Identifier" && ["globalThis", "window", "self"].includes(node.object.name);
}

/** The name of the member that is meant, when it stands there. */
function nameOf(node: Deno.lint.MemberExpression): string | undefined {
  if (!node.computed && node.property.type === "Identifier") return node.property.name;
  return textOf(node.property);
}

const ambientState: Deno.lint.Rule = {
  create(context) {
    const from = place(urlOf(context.filename));
    if (!isOfTheHouse(from)) return {};
    const layer = layerOf(from);
    const check = (node: Deno.lint.Node, name: string | undefined) => {
      const allowed = name !== undefined && Object.hasOwn(AMBIENT, name) ? AMBIENT[name] : undefined;
      if (!allowed || allowed.some((one) => one === layer)) return;
      context.report({ node, message: `Deno.${name} is for ${allowed.join(" and ")} only` });
    };
    return {
      MemberExpression: (node) => {
        if (isDeno(node.object)) check(node, nameOf(node));
      },
      VariableDeclarator: (node) => {
        if (node.id.type !== "ObjectPattern" || !isDeno(node.init)) return;
        for (const property of node.id.properties) {
          if (property.type !== "Property") continue;
          check(property, property.key.type === "Identifier" ? property.key.name : textOf(property.key));
        }
      },
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "berth",
  rules: { "imports-point-down": importsPointDown, "ambient-state": ambientState },
};

export default plugin;
