/**
 * Who may import whom. Layers keep a decision in one place: what is pure stays testable without a database, what
 * speaks a protocol holds no rule of its own, and a door cannot reach into the store behind the engine's back.
 */
import { posix } from "node:path";
import { eachFile, enforce, type Files } from "./runner/rule.ts";
import type { Import, Node, Source } from "./runner/source.ts";

interface Layer {
  readonly title: string;
  /** Which files it is about. */
  readonly of: RegExp;
  /** Files of `src/` that may be imported; a package is named as its users name it, `node:` stands for all of Node's. */
  readonly values: RegExp;
  /** Where types alone may come from. */
  readonly types?: RegExp;
  readonly broken: readonly Files[];
  readonly kept?: Files;
}

/** Matches `src/` paths and package names: folders end in a slash, and a package may be imported in parts. */
const oneOf = (...names: string[]): RegExp =>
  new RegExp(
    `^(?:${names.map((name) => (/[:/]$|\.ts$/.test(name) ? name.replaceAll(".", "\\.") : `${name}(?:/|$)`)).join("|")})`,
  );

const door = (name: string): Pick<Layer, "of" | "values" | "types"> => ({
  of: oneOf(`${name}/`),
  values: oneOf(`${name}/`, "core/", "http/", "zod", ...(name === "pages" ? ["hono"] : [])),
  types: oneOf("engine/"),
});

const serverCommands = String.raw`commands/(?:serve|init|journal|doctor|backup|restore)(?:\.ts$|/)`;

const layers: readonly Layer[] = [
  {
    title: "core imports core only: no module of the runtime, no package",
    of: oneOf("core/"),
    values: oneOf("core/"),
    broken: [
      { "core/a.ts": 'import { createHash } from "node:crypto";' },
      { "core/a.ts": 'import type { Session } from "../engine/ports.ts";' },
      { "core/a.ts": 'import { z } from "zod";' },
      { "core/deep/a.ts": 'export { b } from "../../store/b.ts";' },
    ],
    kept: { "core/a.ts": 'import { b } from "./b.ts"; // import "node:fs"' },
  },
  {
    title: "engine imports core and engine only: ports are asked, not libraries",
    of: oneOf("engine/"),
    values: oneOf("core/", "engine/"),
    broken: [
      { "engine/a.ts": 'import "../store/sqlite.ts";' },
      { "engine/a.ts": 'import type { Context } from "hono";' },
      { "engine/a.ts": 'const b = await import("node:crypto");' },
    ],
    kept: { "engine/a.ts": 'import { b } from "../core/b.ts"; import type { Store } from "./ports.ts";' },
  },
  {
    title: "store, keys and identity import core, their own files, their driver and the types of the ports",
    of: oneOf("store/", "keys/", "identity/"),
    values: oneOf("core/", "node:", "pg", "postgres", "@node-rs/argon2", "@node-rs/bcrypt", "ldapts", "openid-client"),
    // Those of the store are several files.
    types: /^engine\/(?:ports|[a-z-]+-store)\.ts$/,
    broken: [
      { "store/a.ts": 'import { ports } from "../engine/ports.ts";' },
      { "store/a.ts": 'import type { Refresh } from "../engine/refresh.ts";' },
      { "keys/a.ts": 'import { b } from "../store/b.ts";' },
      { "identity/a.ts": 'import type { b } from "../keys/b.ts";' },
      { "keys/a.ts": 'import { SignJWT } from "jose";' },
      { "store/a.ts": 'import { Database } from "bun:sqlite";' },
    ],
    kept: {
      "store/a.ts":
        'import type { Store } from "../engine/ports.ts"; import { b } from "./b.ts"; import "node:sqlite";',
    },
  },
  {
    title: "couriers import core, their libraries and what the engine says of couriers",
    of: oneOf("couriers/"),
    values: oneOf("core/", "node:", "nodemailer"),
    types: /^engine\/courier\.ts$/,
    broken: [
      { "couriers/a.ts": 'import type { Store } from "../engine/ports.ts";' },
      { "couriers/a.ts": 'import { notices } from "../engine/notices.ts";' },
      { "couriers/a.ts": 'import { b } from "../store/b.ts";' },
      { "couriers/a.ts": 'import { b } from "../config.ts";' },
    ],
    kept: {
      "couriers/a.ts":
        'import type { Courier } from "../engine/courier.ts"; import { b } from "../core/b.ts"; import "nodemailer";',
    },
  },
  {
    title: "http imports core and the HTTP libraries: it knows no protocol and no product",
    of: oneOf("http/"),
    values: oneOf("core/", "http/", "node:", "hono", "@hono/node-server", "zod", "zod-openapi", "prom-client"),
    broken: [
      { "http/a.ts": 'import type { Engine } from "../engine/ports.ts";' },
      { "http/a.ts": 'import { b } from "../api/b.ts";' },
      { "http/a.ts": 'import { b } from "../config.ts";' },
    ],
    kept: { "http/a.ts": 'import { html } from "hono/html"; import { b } from "../core/b.ts";' },
  },
  ...["api", "oauth", "dialects", "pages"].map((name): Layer => ({
    ...door(name),
    title: `${name} imports core, http and the types of the engine, and no other door`,
    broken: [
      { [`${name}/a.ts`]: 'import { refresh } from "../engine/refresh.ts";' },
      { [`${name}/a.ts`]: 'import type { Row } from "../store/rows.ts";' },
      { [`${name}/a.ts`]: `import { b } from "../${name === "api" ? "oauth" : "api"}/b.ts";` },
      { [`${name}/a.ts`]: 'import { readFileSync } from "node:fs";' },
    ],
    kept: {
      [`${name}/a.ts`]:
        'import type { Engine } from "../engine/ports.ts"; import { problem } from "../http/problem.ts";',
    },
  })),
  {
    title: "cli imports config, core and the client packages; only the commands that need the server import compose",
    of: new RegExp(`^cli/(?!${serverCommands})`),
    values: oneOf(
      "cli/",
      "core/",
      "config.ts",
      "node:",
      "commander",
      "@clack/prompts",
      "uqr",
      "packages/client/",
      "packages/verifier/",
    ),
    broken: [
      { "cli/commands/token/show.ts": 'import { openInstance } from "../../../compose/instance.ts";' },
      { "cli/run.ts": 'import { open } from "../store/sqlite.ts";' },
      { "cli/commands/server.ts": 'import { openInstance } from "../../compose/instance.ts";' },
    ],
    kept: {
      "cli/run.ts": 'import { read } from "../config.ts"; import { a } from "../../packages/client/src/jwt.ts";',
    },
  },
  {
    title: "serve, init, journal, doctor, backup and restore import what cli may, and compose",
    of: new RegExp(`^cli/${serverCommands}`),
    values: oneOf("cli/", "core/", "config.ts", "compose/", "node:", "commander", "@clack/prompts"),
    broken: [{ "cli/commands/serve.ts": 'import { open } from "../../store/sqlite.ts";' }],
    kept: { "cli/commands/serve.ts": 'import { openInstance } from "../../compose/instance.ts";' },
  },
  {
    title: "config.ts imports core and what it reads files with",
    of: oneOf("config.ts"),
    values: oneOf("core/", "node:", "zod", "strip-json-comments"),
    broken: [{ "config.ts": 'import { open } from "./store/sqlite.ts";' }],
  },
  {
    title: "packages/client imports itself and the runtime's modules: whoever installs it gets nothing else",
    of: oneOf("packages/client/"),
    values: oneOf("node:", "packages/verifier/"),
    broken: [
      { "packages/client/src/a.ts": 'import { seconds } from "../../../src/core/units.ts";' },
      { "packages/client/src/a.ts": 'import type { Engine } from "../../../src/engine/engine.ts";' },
      { "packages/client/src/a.ts": 'import { z } from "zod";' },
      { "packages/client/src/a.ts": 'import { b } from "../../adapters/src/b.ts";' },
    ],
    kept: { "packages/client/src/doors/a.ts": 'import { b } from "../b.ts"; import "node:https";' },
  },
  {
    title: "packages/verifier imports itself and nothing else: no module of a runtime, no package",
    of: oneOf("packages/verifier/"),
    values: oneOf("packages/verifier/"),
    broken: [
      { "packages/verifier/src/a.ts": 'import { verify } from "node:crypto";' },
      { "packages/verifier/src/a.ts": 'import { b } from "../../client/src/b.ts";' },
      { "packages/verifier/src/a.ts": 'import { b } from "../../../src/core/b.ts";' },
      { "packages/verifier/src/a.ts": 'import { jwtVerify } from "jose";' },
    ],
    kept: { "packages/verifier/src/a.ts": 'import { b } from "./b.ts";' },
  },
  {
    title: "main.ts imports cli and nothing else",
    of: oneOf("main.ts"),
    values: oneOf("cli/"),
    broken: [{ "main.ts": 'import { openInstance } from "./compose/instance.ts";' }],
  },
];

/** The imported file as a path in `src/` or from `packages/` on, or the package's name. */
const target = (source: Source, { specifier = "" }: Import): string =>
  specifier.startsWith(".")
    ? posix.normalize(posix.join(posix.dirname(source.path), specifier)).replace(/^\.\.\/(?=packages\/)/, "")
    : specifier;

/** The folder, or the package, that a file belongs to. */
function room(path: string): string {
  const parts = path.split("/").slice(0, path.startsWith("packages/") ? 2 : 1);
  return path.includes("/") ? `${parts.join("/")}/` : path;
}

for (const { title, of, values, types, broken, kept } of layers) {
  enforce({
    title,
    broken,
    ...(kept === undefined ? {} : { kept }),
    find: eachFile((source) => {
      if (!of.test(source.path)) return [];
      const own = oneOf(room(source.path));
      return source.imports
        .filter((found) => {
          const path = target(source, found);
          return !values.test(path) && !own.test(path) && !(found.typeOnly && types?.test(path) === true);
        })
        .map((found) => `imports ${found.typeOnly ? "types of " : ""}${target(source, found)}`);
    }),
  });
}

enforce({
  title: "every file of src and packages belongs to a layer",
  broken: [{ "lib/a.ts": "" }, { "server.ts": "" }, { "packages/other/src/a.ts": "" }],
  kept: { "compose/a.ts": "", "core/a.ts": "" },
  find: eachFile(({ path }) =>
    path.startsWith("compose/") || layers.some(({ of }) => of.test(path)) ? [] : ["belongs to no layer"],
  ),
});

enforce({
  title: "a driver package of store, keys or identity is imported by one file",
  broken: [{ "store/a.ts": 'import "pg";', "store/b.ts": 'import type { Pool } from "pg";' }],
  kept: { "store/a.ts": 'import "pg"; import "node:fs";', "store/b.ts": 'import "node:fs";' },
  find: (sources) => {
    const users = new Map<string, string[]>();
    for (const source of sources.filter(({ path }) => /^(?:store|keys|identity)\//.test(path)))
      for (const name of new Set(source.imports.map((found) => target(source, found))))
        if (/^[a-z@](?!.*(?:\.ts$|:))/.test(name)) users.set(name, [...(users.get(name) ?? []), source.path]);
    return [...users].filter(([, paths]) => paths.length > 1).map(([name, paths]) => `${name}: ${paths.join(", ")}`);
  },
});

enforce({
  title: "no import is computed while the program runs",
  broken: [{ "cli/a.ts": "await import(name);" }],
  kept: { "store/a.ts": 'await import("pg"); new URL("./writer.ts", import.meta.url);' },
  find: eachFile(({ imports }) =>
    imports.filter(({ specifier }) => specifier === undefined).map(() => "computed import"),
  ),
});

/** `object.property`, for a member expression without brackets; the name itself for an identifier. */
function spelled(node: Node): string {
  if (node.type === "Identifier" || node.type === "MetaProperty") return String(node["name"] ?? "import.meta");
  if (node.type !== "MemberExpression" || node["computed"] === true) return "";
  return `${spelled(node["object"] as Node)}.${String((node["property"] as Node)["name"])}`;
}

/** `const { env } = process`: what is taken out of a name without a dot. */
const unpacked = (node: Node): string =>
  node.type === "VariableDeclarator" && (node["id"] as Node).type === "ObjectPattern" && node["init"] !== null
    ? spelled(node["init"] as Node)
    : "";

const uses = (source: Source, pattern: RegExp): string[] =>
  source.nodes.map(spelled).filter((name, at, all) => pattern.test(name) && all.indexOf(name) === at);

enforce({
  title: "core is pure: no await, no clock, no randomness, no process, no network",
  broken: [
    { "core/a.ts": "const now = Date.now();" },
    { "core/a.ts": "const now = new Date();" },
    { "core/a.ts": "const dice = Math.random();" },
    { "core/a.ts": "export async function a() {}" },
    { "core/a.ts": "export const a = async () => {};" },
    { "core/a.ts": "await later;" },
    { "core/a.ts": "for await (const a of b) c(a);" },
    { "core/a.ts": 'fetch("https://example.com");' },
    { "core/a.ts": "const { env } = process;" },
    { "core/a.ts": "globalThis.crypto.randomUUID();" },
    { "core/a.ts": "setTimeout(a, 1);" },
  ],
  kept: { "core/a.ts": "const at = new Date(0); const words = { process: 1, fetch: 2 }; words.fetch; // Date.now()" },
  find: eachFile((source) => {
    if (!source.path.startsWith("core/")) return [];
    const impure =
      /^(?:Date\.now|Math\.random|(?:process|fetch|crypto|performance|globalThis|set(?:Timeout|Interval|Immediate)|queueMicrotask|Bun)\b)/;
    const waits = source.nodes.filter(
      (node) => node.type === "AwaitExpression" || node["async"] === true || node["await"] === true,
    );
    const clocks = source.nodes.filter(
      (node) =>
        node.type === "NewExpression" &&
        spelled(node["callee"] as Node) === "Date" &&
        (node["arguments"] as unknown[]).length === 0,
    );
    return [...uses(source, impure), ...waits.map(({ type }) => type), ...clocks.map(() => "new Date()")];
  }),
});

enforce({
  title: "only config.ts and cli/environment.ts read the environment",
  broken: [
    { "http/a.ts": 'process.env["HOME"];' },
    { "http/a.ts": "const { env } = process;" },
    { "http/a.ts": 'import { env } from "node:process";' },
    { "main.ts": "globalThis.process.env;" },
    { "cli/a.ts": "import.meta.env;" },
    { "cli/a.ts": "Bun.env;" },
  ],
  kept: { "config.ts": "process.env;", "cli/environment.ts": "process.env;", "cli/run.ts": "process.stdout;" },
  find: eachFile((source) =>
    source.path === "config.ts" || source.path === "cli/environment.ts"
      ? []
      : [
          ...uses(source, /(?:^|\.)(?:process|Bun|import\.meta)\.env$/),
          ...source.nodes.map(unpacked).filter((name) => /(?:^|\.)(?:process|Bun)$/.test(name)),
          ...source.imports.map(({ specifier = "" }) => specifier).filter((name) => /^(?:node:)?process$/.test(name)),
        ],
  ),
});

enforce({
  title: "only main.ts reads the arguments of the process",
  broken: [{ "cli/run.ts": "process.argv;" }],
  kept: { "main.ts": "run(process.argv);" },
  find: eachFile((source) => (source.path === "main.ts" ? [] : uses(source, /\bprocess\.argv$/))),
});

enforce({
  title: "only http/serve*.ts know which runtime they run on",
  broken: [
    { "http/app.ts": "Bun.serve({});" },
    { "store/a.ts": "typeof Bun;" },
    { "store/a.ts": "globalThis.Bun;" },
    { "store/a.ts": 'import { Database } from "bun:sqlite";' },
    { "identity/a.ts": 'import { password } from "bun";' },
    { "cli/a.ts": "process.versions.bun;" },
    { "cli/a.ts": 'process.versions["bun"];' },
  ],
  kept: { "http/serve-bun.ts": "Bun.serve({});", "http/a.ts": "const words = { Bun: 1 }; // Bun.serve" },
  find: eachFile((source) =>
    /^http\/serve[\w-]*\.ts$/.test(source.path)
      ? []
      : [
          ...uses(source, /(?:^|\.)Bun\b|\bprocess\.versions\b/),
          ...source.imports.map(({ specifier = "" }) => specifier).filter((name) => /^bun(?::|$)/.test(name)),
        ],
  ),
});
