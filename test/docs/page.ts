/** Pages whose commands are run: what stands between their fences, and what they say that it prints. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const docs = resolve(import.meta.dirname, "../../docs");

export interface Block {
  readonly language: string;
  readonly text: string;
  /** The nearest heading above it. */
  readonly heading: string;
  /** The page says "prints" under it, and then this. */
  readonly prints?: string;
}

export interface Page {
  readonly text: string;
  /** In the order of the page, without those that say what another prints. */
  readonly blocks: readonly Block[];
  /** Files that it points to and that are not there. */
  readonly lost: readonly string[];
}

const fenced = /^(?:#+ (.+)|```(\w*)\n([^]*?)^```)$/gm;

/** `path`: below `docs`. */
export function readPage(path: string): Page {
  const file = join(docs, path);
  const text = readFileSync(file, "utf8");
  const blocks: Block[] = [];
  let heading = "";
  let end = 0;
  for (const match of text.matchAll(fenced)) {
    const [all, title, language, content] = match;
    const before = text.slice(end, match.index);
    end = match.index + all.length;
    const last = blocks.at(-1);
    if (title !== undefined) heading = title;
    else if (before === "\n\nprints\n\n" && last !== undefined) blocks.splice(-1, 1, { ...last, prints: content! });
    else blocks.push({ language: language!, text: content!, heading });
  }
  const pointed = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, to]) => to!);
  return { text, blocks, lost: pointed.filter((to) => !existsSync(join(dirname(file), to))) };
}

/** An ellipsis stands for what differs from run to run. */
export const printing = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split("…")
      .map(RegExp.escape)
      .join(String.raw`[\w.+/-]+`)}$`,
  );
