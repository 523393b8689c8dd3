/**
 * Reads the JUnit file of `bun test`: nested `testsuite` elements are the groups, each `testcase` names its file, and
 * a child `failure` or `skipped` decides.
 */
import { resolve } from "node:path";
import type { Case } from "./verdict.ts";

const tag = /<\?[\s\S]*?\?>|<(\/?)(\w+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g;
const attribute = /([\w:-]+)="([^"]*)"/g;
const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const unescape = (text: string): string =>
  text.replaceAll(/&(#?)(\w+);/g, (whole: string, number: string, name: string) =>
    number === "#" ? String.fromCodePoint(Number(name.replace(/^x/, "0x"))) : (named[name] ?? whole),
  );

/**
 * The cases of one report; undefined when the report was not finished, because its writer died.
 * Its files are relative to `root`, the folder that the runner worked in.
 */
export function readBunReport(xml: string, root: string): Case[] | undefined {
  const cases: Case[] = [];
  const groups: string[] = [];
  let open: { file: string; title: string; outcome: Case["outcome"]; note: string } | undefined;
  let complete = false;
  for (const [, closing, element, attributeText = "", selfClosing] of xml.matchAll(tag)) {
    const attributes = new Map(
      Array.from(attributeText.matchAll(attribute), ([, key, value]) => [key, unescape(value ?? "")]),
    );
    const name = attributes.get("name") ?? "";
    const ends = closing === "/" || selfClosing === "/";
    switch (element) {
      case "testsuites":
        complete = closing === "/";
        break;
      case "testsuite":
        if (closing !== "/") groups.push(name);
        if (ends) groups.pop();
        break;
      case "testcase":
        if (closing !== "/") {
          // The outermost group is the file.
          const title = name === "(worker crashed)" ? "" : [...groups.slice(1), name].join(" > ");
          open = { file: resolve(root, attributes.get("file") ?? ""), title, outcome: "passed", note: "" };
        }
        if (ends && open !== undefined) cases.push(open);
        break;
      case "failure":
      case "error":
      case "skipped":
        if (closing === "/" || open === undefined) break;
        open.outcome = element === "skipped" ? "skipped" : "failed";
        open.note = attributes.get("message") ?? "";
        break;
      default:
    }
  }
  return complete ? cases : undefined;
}
