/** Questions to a person at a terminal. The question is talk; what is typed comes from standard input. */
import { Complaint } from "./complaint.ts";
import type { Io } from "./io.ts";

const interrupted = "\u0003";
const endOfInput = "\u0004";
const wordErase = /[^\s]*\s*$/u;

const cancelled = (by: "interrupted" | "usage"): Complaint =>
  new Complaint(by, "cancelled at the prompt", { code: "cancelled" });

/** What is left of `typed` after a key; undefined at the end of the line. */
function press(typed: string, key: string): string | undefined {
  switch (key) {
    case "\r":
    case "\n":
      return undefined;
    case "\u007f":
    case "\b":
      return Array.from(typed).slice(0, -1).join("");
    case "\u0015":
      return "";
    case "\u0017":
      return typed.replace(wordErase, "");
    default:
      return /\p{Cc}/u.test(key) ? typed : typed + key;
  }
}

export interface Question {
  readonly text: string;
  /** What is typed is not shown, and neither is how much. */
  readonly hidden: boolean;
}

/** The line that is typed. The terminal is as it was when this returns or throws. */
export function ask(io: Io, { text, hidden }: Question): Promise<string> {
  const input = process.stdin;
  // Before the question is there to be answered, so that nothing of the answer is echoed.
  input.setRawMode(true);
  io.talk(text);
  input.setEncoding("utf8");
  return new Promise((resolve, reject) => {
    let typed = "";
    const finish = (settle: () => void): void => {
      input.off("data", onData);
      input.off("end", onEnd);
      input.setRawMode(false);
      input.pause();
      io.talk("\n");
      settle();
    };
    const onEnd = (): void => finish(() => reject(cancelled("usage")));
    const onData = (chunk: string): void => {
      // Arrow keys and the like come as sequences; a line has nowhere for them to go.
      for (const key of chunk.replaceAll(/\p{Cc}[[O][0-?]*[ -/]*[@-~]/gu, "")) {
        if (key === interrupted) return finish(() => reject(cancelled("interrupted")));
        if (key === endOfInput && typed === "") return finish(() => reject(cancelled("usage")));
        const next = press(typed, key);
        if (next === undefined) return finish(() => resolve(typed));
        if (!hidden && next !== typed)
          io.talk(next.startsWith(typed) ? next.slice(typed.length) : "\b \b".repeat(Array.from(typed).length) + next);
        typed = next;
      }
    };
    input.on("data", onData);
    input.on("end", onEnd);
    input.resume();
  });
}
