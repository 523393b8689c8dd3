/**
 * Transcripts: what was sent and what came back, byte for byte, in a file that people read too. A part begins with
 * `### ` and its title; `# later N` lets N seconds pass; the request follows, then the answer from the line `HTTP` on,
 * its headers in the order of their names. One line feed at the end of each part belongs to the file. Before the first part
 * stands what the file is, and `# set NAME VALUE` for each setting that is not as tests usually have it.
 */
import { readFileSync } from "node:fs";

export interface Part {
  readonly title: string;
  /** Seconds that pass before the request. */
  readonly later: number;
  readonly request: string;
  readonly answer: string;
}

export interface Transcript {
  readonly settings: Readonly<Record<string, string>>;
  readonly parts: readonly Part[];
}

export function readTranscript(file: string): Transcript {
  const [head = "", ...written] = readFileSync(file, "utf8").split(/^### /m);
  const settings = Object.fromEntries(
    [...head.matchAll(/^# set (\S+) (.+)$/gm)].map(([, name = "", value = ""]): [string, string] => [name, value]),
  );
  const parts = written.map((part): Part => {
    const [, title = "", later = "0", request = "", answer = ""] =
      /^(.+)\n(?:# later (\d+)\n)?([^]*?\n)(HTTP \d{3}\n[^]*)\n$/.exec(part) ?? [];
    if (title === "") throw new Error(`${file}: this part cannot be read: ${part}`);
    return { title, later: Number(later), request, answer };
  });
  return { settings, parts };
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

/** Tokens and ids by names, in the order in which they are seen: `<access 1>`, `<refresh 1>`, `<id 1>`. */
export function tokenMask(): { readonly mask: (text: string) => string; readonly unmask: (text: string) => string } {
  const names = new Map<string, string>();
  const counts = { access: 0, refresh: 0, id: 0 };
  const nameOf = (secret: string, kind: keyof typeof counts): string => {
    const name = names.get(secret) ?? `<${kind} ${++counts[kind]}>`;
    names.set(secret, name);
    return name;
  };
  const kindOf = (token: string): "access" | "refresh" => {
    const { typ } = JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()) as { typ: string };
    return typ === "at+jwt" ? "access" : "refresh";
  };
  return {
    mask: (text) =>
      text
        .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, (token) => nameOf(token, kindOf(token)))
        .replaceAll(/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g, (id) => nameOf(id, "id")),
    unmask: (text) => [...names].reduce((done, [token, name]) => done.replaceAll(name, token), text),
  };
}
