/**
 * Transcripts: what was sent and what came back, byte for byte, in a file that people read too. A part begins with
 * `### ` and its title; `# later N` lets N seconds pass; the request follows, then the answer from the line `HTTP` on,
 * its headers in the order of their names. One line feed at the end of each part belongs to the file.
 */
import { readFileSync } from "node:fs";

export interface Part {
  readonly title: string;
  /** Seconds that pass before the request. */
  readonly later: number;
  readonly request: string;
  readonly answer: string;
}

export function readTranscript(file: string): readonly Part[] {
  const [, ...parts] = readFileSync(file, "utf8").split(/^### /m);
  return parts.map((part) => {
    const [, title = "", later = "0", request = "", answer = ""] =
      /^(.+)\n(?:# later (\d+)\n)?([^]*?\n)(HTTP \d{3}\n[^]*)\n$/.exec(part) ?? [];
    if (title === "") throw new Error(`${file}: this part cannot be read: ${part}`);
    return { title, later: Number(later), request, answer };
  });
}

/** `METHOD path`, headers, and a body after an empty line. */
export function requestOf(text: string, base: string): Request {
  const [head = "", ...rest] = text.split("\n\n");
  const [line = "", ...headers] = head.trimEnd().split("\n");
  const [method = "", path = ""] = line.split(" ");
  // The last line feed ends the part of the file, not the body.
  const body = rest.join("\n\n").replace(/\n$/, "");
  return new Request(base + path, {
    method,
    headers: headers.map((header) => header.split(": ", 2) as [string, string]),
    ...(body === "" ? {} : { body: new TextEncoder().encode(body) }),
  });
}

export async function answerText(response: Response): Promise<string> {
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
  const lines = headers.map(([name, value]) => `${name}: ${value}\n`).toSorted();
  return `HTTP ${response.status}\n${lines.join("")}\n${await response.text()}`;
}

/** Tokens by names, in the order in which they are seen: `<access 1>`, `<refresh 1>`. */
export function tokenMask(): { readonly mask: (text: string) => string; readonly unmask: (text: string) => string } {
  const names = new Map<string, string>();
  const counts = { access: 0, refresh: 0 };
  const nameOf = (token: string): string => {
    const { typ } = JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()) as { typ: string };
    const kind = typ === "at+jwt" ? "access" : "refresh";
    const name = names.get(token) ?? `<${kind} ${++counts[kind]}>`;
    names.set(token, name);
    return name;
  };
  return {
    mask: (text) => text.replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, nameOf),
    unmask: (text) => [...names].reduce((done, [token, name]) => done.replaceAll(name, token), text),
  };
}
