/**
 * A source file as the rules of the house see it: what it imports, and its syntax without comments and strings.
 * It is parsed, because a rule that looks at text is broken by the first comment that mentions what it forbids.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [member: string]: unknown;
}

export interface Import {
  /** Undefined when it is computed while the program runs. */
  readonly specifier: string | undefined;
  /** Only types are imported, so nothing is left of it when the program runs. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** From the folder that was read, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  readonly nodes: readonly Node[];
  readonly imports: readonly Import[];
  readonly comments: readonly string[];
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

/** Every node below `node`, without the names behind a dot and before a colon: those are not references. */
function* walk(node: Node): Generator<Node> {
  yield node;
  for (const [member, value] of Object.entries(node)) {
    const isName = (member === "property" && node.type === "MemberExpression") || member === "key";
    if (isName && node["computed"] === false) continue;
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) yield* walk(child);
  }
}

const literal = (value: unknown): string | undefined =>
  isNode(value) && value.type === "Literal" && typeof value["value"] === "string" ? value["value"] : undefined;

function importOf(node: Node): Import | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration": {
      if (!isNode(node["source"])) return undefined;
      const names = Array.isArray(node["specifiers"]) ? node["specifiers"].filter(isNode) : [];
      const isType = (entry: Node): boolean => entry["importKind"] === "type" || entry["exportKind"] === "type";
      return {
        specifier: literal(node["source"]),
        typeOnly: isType(node) || (names.length > 0 && names.every(isType)),
      };
    }
    case "ImportExpression":
      return { specifier: literal(node["source"]), typeOnly: false };
    case "TSImportType":
      return { specifier: literal(node["source"]), typeOnly: true };
    case "NewExpression": {
      // new URL("./worker.ts", import.meta.url) names a module that will be run.
      const [first, second] = Array.isArray(node["arguments"]) ? (node["arguments"] as unknown[]) : [];
      const specifier = literal(first);
      const isModule = specifier?.startsWith(".") === true && specifier.endsWith(".ts") && isNode(second);
      return isModule ? { specifier, typeOnly: false } : undefined;
    }
    default:
      return undefined;
  }
}

export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text, { lang: "ts", sourceType: "module" });
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]?.message}`);
  const nodes = [...walk(program as unknown as Node)];
  return {
    path,
    lines: text.trimEnd().split("\n").length,
    nodes,
    imports: nodes.map(importOf).filter((found) => found !== undefined),
    comments: comments.map((comment) => comment.value),
  };
}

/** Every TypeScript file below `folder`. */
export function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.split("/").includes("node_modules"))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(folder, path), "utf8")));
}
