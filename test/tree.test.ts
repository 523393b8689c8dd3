/** The shape of `src/` and `packages/`: small files named after their one concept, nothing that switches the compiler or chance off. */
import { basename } from "node:path";
import { eachFile, enforce } from "./runner/rule.ts";
import type { Node } from "./runner/source.ts";

const lines = (count: number): string => "export {};\n".repeat(count);
const sized = (...counts: number[]) => Object.fromEntries(counts.map((count, at) => [`core/a${at}.ts`, lines(count)]));

/** The smallest size that `share` of all files do not exceed. */
const quantile = (sizes: readonly number[], share: number): number =>
  sizes.toSorted((a, b) => a - b)[Math.ceil(sizes.length * share) - 1] ?? 0;

enforce({
  title: "no file of src or packages is longer than 400 lines",
  broken: [sized(401)],
  kept: sized(400),
  find: eachFile((source) => (source.lines > 400 ? [`${source.lines} lines`] : [])),
});

enforce({
  title: "half of the files of src and packages have at most 130 lines, and nine of ten at most 300",
  broken: [sized(131, 131, 10), sized(301, 301, 10, 10, 10)],
  kept: sized(130, 130, 400),
  find: (sources) => {
    const sizes = sources.map((source) => source.lines);
    const over = (share: number, limit: number): string[] =>
      quantile(sizes, share) > limit ? [`quantile ${share}: ${quantile(sizes, share)} lines, at most ${limit}`] : [];
    // Nine of ten says nothing about fewer than five files.
    return [...over(0.5, 130), ...(sizes.length < 5 ? [] : over(0.9, 300))];
  },
});

enforce({
  title: "a file is named after its concept, in kebab-case, and never after being useful",
  broken: [
    "core/utils.ts",
    "http/helpers.ts",
    "common/a.ts",
    "core/sharedThings.ts",
    "engine/types.ts",
    "core/Token.ts",
  ].map((path) => ({ [path]: "" })),
  kept: { "core/token-type.ts": "", "http/serve-bun.ts": "" },
  find: eachFile(({ path }) =>
    path
      .split("/")
      .map((part) => basename(part, ".ts"))
      .filter(
        (part) =>
          /^(?:utils?|helpers?|common|shared|manager|service|types?|misc)$/.test(part) ||
          !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(part),
      ),
  ),
});

enforce({
  title: "no barrels: a name is imported from the file that defines it",
  broken: [{ "core/index.ts": "" }, { "core/a.ts": 'export * from "./b.ts";' }],
  kept: { "dialects/index.ts": "", "core/a.ts": 'export { b } from "./b.ts";' },
  find: eachFile(({ path, nodes }) => [
    ...(basename(path) === "index.ts" && path !== "dialects/index.ts" ? ["index.ts"] : []),
    ...nodes.filter(({ type }) => type === "ExportAllDeclaration").map(() => "export *"),
  ]),
});

enforce({
  title: "no default exports: a thing has one name everywhere",
  broken: [{ "core/a.ts": "export default 1;" }, { "core/a.ts": "const a = 1; export { a as default };" }],
  kept: { "core/a.ts": "export const a = 1; // export default" },
  find: eachFile(({ nodes }) =>
    nodes
      .filter(
        ({ type, exported }) =>
          type === "ExportDefaultDeclaration" || (exported as Node | null)?.["name"] === "default",
      )
      .map(() => "default export"),
  ),
});

enforce({
  title: "Y-04: Math.random is used nowhere",
  broken: [
    { "http/a.ts": "Math.random();" },
    { "http/a.ts": "const { random } = Math;" },
    { "http/a.ts": 'Math["random"]();' },
  ],
  kept: { "http/a.ts": "Math.floor(1); // Math.random()" },
  find: eachFile(({ nodes }) => {
    const isMath = (value: unknown): boolean => (value as Node | null)?.["name"] === "Math";
    const random = nodes.filter(({ type, object, property, init }) => {
      if (type === "VariableDeclarator") return isMath(init);
      const { name, value } = (property ?? {}) as { name?: unknown; value?: unknown };
      return type === "MemberExpression" && isMath(object) && (name === "random" || value === "random");
    });
    return random.map(() => "Math.random");
  }),
});

enforce({
  title: "no any: what is not known is unknown",
  broken: [
    { "core/a.ts": "const a: any = 1;" },
    { "core/a.ts": "b(c as any);" },
    { "core/a.ts": "type A = Map<string, any>;" },
  ],
  kept: { "core/a.ts": 'const any = "any"; // as any' },
  find: eachFile(({ nodes }) => nodes.filter(({ type }) => type === "TSAnyKeyword").map(() => "any")),
});

enforce({
  title: "no comment switches the compiler or the linter off",
  broken: [
    { "core/a.ts": "// @ts-ignore\na();" },
    { "core/a.ts": "// @ts-expect-error\na();" },
    { "core/a.ts": "/* oxlint-disable */" },
    { "core/a.ts": "// eslint-disable-next-line no-eval\na();" },
  ],
  kept: { "core/a.ts": 'const words = "@ts-ignore"; // the linter is on' },
  find: eachFile(({ comments }) =>
    comments.flatMap((comment) => comment.match(/@ts-(?:ignore|nocheck|expect-error)|(?:ox|es)lint-disable/) ?? []),
  ),
});
