/**
 * `npm run threats [-- --strict]`: which promises of docs/threats.md have a test. A test keeps a promise when its
 * title names the id; where titles are put together from a table, the table's texts that begin with an id count. What
 * is marked as skipped or to do keeps nothing. With --strict it is a failure if a promise that applies now has no test.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isNode, readSources, type Node, type Source } from "../runner/source.ts";

export interface Threat {
  readonly id: string;
  readonly family: string;
  readonly now: boolean;
}

/** The rows of the tables, each with the heading above it: `## J: tokens and their verification`. */
export function readThreats(markdown: string): Threat[] {
  let family = "";
  return markdown.split("\n").flatMap((line) => {
    family = /^## (.+)$/.exec(line)?.[1] ?? family;
    const cells = line.split("|").map((cell) => cell.trim());
    const [, id = "", , , applies = ""] = cells;
    if (!/^[A-Z]+-\d+$/.test(id)) return [];
    if (cells.length !== 6 || !/^(?:now|with .+)$/.test(applies))
      throw new Error(`docs/threats.md, ${id}: not a row of four cells`);
    return [{ id, family, now: applies === "now" }];
  });
}

const idsIn = (text: string): string[] => text.match(/\b[A-Z]+-\d{2}\b/g) ?? [];
const idsAtStart = (text: string): string[] => idsIn(/^(?:[A-Z]+-\d{2}\b(?:, | and | )?)+/.exec(text)?.[0] ?? "");

function textOf(node: unknown): string {
  if (!isNode(node)) return "";
  if (node.type === "Literal") return typeof node["value"] === "string" ? node["value"] : "";
  if (node.type !== "TemplateLiteral") return "";
  return (node["quasis"] as Node[]).map((part) => (part["value"] as { cooked: string }).cooked).join(" ");
}

/** `test`, `it.only`, `describe.skip`: the words of the called name. */
function calledAs(callee: unknown): string[] {
  if (!isNode(callee)) return [];
  if (callee.type === "Identifier") return [String(callee["name"])];
  return callee.type === "MemberExpression" ? [...calledAs(callee["object"]), ...calledAs(callee["property"])] : [];
}

export function coveredIds(sources: readonly Source[]): Set<string> {
  const covered = new Set<string>();
  for (const { nodes } of sources) {
    const setAside = new Set<unknown>();
    for (const { type, callee, arguments: given } of nodes) {
      const [name = "", ...rest] = type === "CallExpression" ? calledAs(callee) : [];
      if (!["test", "it", "describe", "suite"].includes(name) || !Array.isArray(given)) continue;
      const title: unknown = given[0];
      if (rest.includes("skip") || rest.includes("todo")) setAside.add(title);
      else for (const id of idsIn(textOf(title))) covered.add(id);
    }
    for (const node of nodes) if (!setAside.has(node)) for (const id of idsAtStart(textOf(node))) covered.add(id);
  }
  return covered;
}

function main(): void {
  const root = join(import.meta.dirname, "../..");
  const threats = readThreats(readFileSync(join(root, "docs/threats.md"), "utf8"));
  const tests = readSources(join(root, "test")).filter(({ path }) => !path.startsWith("runner/"));
  // The suite that every store passes is part of the source, since other stores will run it too.
  const conformance = readSources(join(root, "src/store")).filter(({ path }) => path.includes("conformance/"));
  const covered = coveredIds([...tests, ...conformance]);
  const row = (name: string, of: readonly Threat[]): string => {
    const now = of.filter((threat) => threat.now);
    const numbers = [now.filter(({ id }) => covered.has(id)).length, now.length, of.length];
    return name.padEnd(44) + numbers.map((number) => String(number).padStart(9)).join("");
  };
  const families = Map.groupBy(threats, ({ family }) => family);
  console.log(`${"threats".padEnd(44)}  covered      now    total`);
  for (const [family, of] of families) console.log(row(family, of));
  console.log(row("all", threats));

  const bare = threats.filter(({ id, now }) => now && !covered.has(id)).map(({ id }) => id);
  const early = threats.filter(({ id, now }) => !now && covered.has(id)).map(({ id }) => id);
  const letters = new Set(threats.map(({ id }) => id.split("-")[0]));
  const known = new Set(threats.map(({ id }) => id));
  const unknown = [...covered].filter((id) => !known.has(id) && letters.has(id.split("-")[0]));
  if (bare.length > 0) console.log(`\napplies now, and no test names it: ${bare.join(" ")}`);
  if (early.length > 0) console.log(`\nhas a test, and docs/threats.md says it does not apply yet: ${early.join(" ")}`);
  if (unknown.length > 0)
    console.log(`\nnamed by a test, and missing in docs/threats.md: ${unknown.toSorted().join(" ")}`);
  if (process.argv.includes("--strict") && bare.length > 0) process.exitCode = 1;
}

if (import.meta.main) main();
