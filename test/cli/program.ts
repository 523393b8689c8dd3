/**
 * The real `bin/jeton` as a child process, on the runtime that runs the test, with an environment of its own: nothing
 * that the machine has set reaches it.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

import { run } from "../../src/cli/run.ts";

const root = resolve(import.meta.dirname, "../..");
const binaries = join(root, "bin");

export interface Scratch extends Disposable {
  readonly path: (...parts: string[]) => string;
}

/** An empty folder, removed at the end of the block. */
export function scratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "jeton-cli-"));
  return {
    path: (...parts) => join(folder, ...parts),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Surroundings {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

const running = new Set<ChildProcess>();
// A test that fails half-way must not leave a server behind.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A process with what it has written so far, and the promise of its end. */
class Program {
  out = "";
  err = "";
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(command: readonly [file: string, ...words: string[]], { cwd, environment, input }: Surroundings) {
    const [file, ...words] = command;
    this.#child = spawn(file, words, {
      cwd,
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: `${binaries}${delimiter}${process.env["PATH"]}`,
        // Bun keeps compiled sources there, which makes the second start quicker.
        HOME: process.env["HOME"] ?? cwd,
        TMPDIR: cwd,
        JETON_RUNTIME: "Bun" in globalThis ? "bun" : "node",
        ...environment,
      },
    });
    running.add(this.#child);
    this.#child.stdin?.on("error", () => undefined).end(input ?? "");
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.err += text));
    this.ended = new Promise((settle, fail) => {
      this.#child.on("error", fail);
      this.#child.on("close", (code, signal) => {
        running.delete(this.#child);
        settle({ code, signal, out: this.out, err: this.err });
      });
    });
  }

  /** Resolves with the match as soon as standard error has it; fails if the process ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((settle, fail) => {
      const look = (): void => {
        const match = pattern.exec(this.err);
        if (match === null) return;
        this.#child.stderr?.off("data", look);
        settle(match);
      };
      this.#child.stderr?.on("data", look);
      look();
      this.ended.then(({ err }) => fail(new Error(`it ended and had not said ${pattern}: ${err}`)), fail);
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Runs a command of a shell to its end; `jeton` is found. */
export const shell = (script: string, surroundings: Surroundings): Promise<Ended> =>
  new Program(["sh", "-c", script], surroundings).ended;

/** Starts `jeton`, to be looked at while it runs. */
export const start = (
  words: readonly string[],
  surroundings: Surroundings,
): Pick<Program, "said" | "kill" | "ended" | "out" | "err"> =>
  new Program([join(binaries, "jeton"), ...words], surroundings);

/** Runs `jeton` to its end. */
export const jeton = (words: readonly string[], surroundings: Surroundings): Promise<Ended> =>
  new Program([join(binaries, "jeton"), ...words], surroundings).ended;

export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly program: Pick<Program, "said" | "kill" | "ended" | "out" | "err">;
  readonly stop: (signal?: NodeJS.Signals) => Promise<Ended>;
}

/** Starts `jeton serve` on a free port and waits until it is ready. It is killed at the end of the block. */
export async function serve(words: readonly string[], surroundings: Surroundings): Promise<Server> {
  const listen = words.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const program = new Program([join(binaries, "jeton"), "serve", ...listen, ...words], surroundings);
  const [, url = ""] = await program.said(/^jeton: ready on (http:\/\/\S+)$/m);
  const stop = (signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> => {
    program.kill(signal);
    return program.ended;
  };
  return {
    url,
    program,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop("SIGKILL");
    },
  };
}

export const administrator = { username: "root", password: "one for the cellar door" } as const;

/** What a command complains of, as one line that begins small: the remedy follows after "Do: ". */
export const complaint = (err: string): string =>
  err
    .trimEnd()
    .replace(/^(?:✗|error:) (.)/, (_, first: string) => first.toLowerCase())
    .replaceAll(/\n {2}(\w+:) +/g, ". $1 ");

/** A refusal: its exit code, nothing on standard output, and one block on standard error that says so. */
export function oneLine(ended: Ended, code: number, pattern: RegExp): void {
  assert.equal(ended.code, code, ended.err);
  assert.equal(ended.out, "");
  assert.match(ended.err, /^(?:✗|error:) [^\n]+\n(?: {2}(?:Why|Do|Ref): +[^\n]+\n)*$/);
  assert.match(complaint(ended.err), pattern);
}

/** Runs the command line in this process, which is quicker by a second. For commands that come to an end. */
export async function inProcess(words: readonly string[], input = ""): Promise<Ended> {
  let out = "";
  let err = "";
  const io = {
    out: (text: string) => (out += text),
    talk: (text: string) => (err += text),
    readInput: () => input,
    isTerminal: () => false,
    columns: () => undefined,
  };
  const code = await run(words, io);
  return { code, signal: null, out, err };
}

/** Makes an instance in `data`, a folder of the scratch folder, with one administrator. */
export async function initialised(folder: Scratch): Promise<void> {
  const words = ["init", "--data", folder.path("data"), "--admin", administrator.username, "--password-stdin"];
  const { code, err } = await inProcess(words, `${administrator.password}\n`);
  assert.equal(code, 0, err);
}

/** A call of the native API. */
export const call = (url: string, path: string, body?: unknown, token?: string): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
