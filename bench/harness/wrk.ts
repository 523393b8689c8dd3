/** Runs `wrk` with one of the Lua scripts and reads the line of figures that the script prints at the end. */
import { spawn } from "node:child_process";
import { endWithUs } from "./leave-nothing.ts";

export interface Load {
  readonly url: string;
  readonly script: URL;
  readonly args?: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly core?: number | undefined;
}

export interface Measured {
  readonly requests: number;
  readonly seconds: number;
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Line {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly failures: number;
  readonly lost: number;
  readonly sample: string;
}

/** Throws when one answer was not the expected one: a rate that counts refusals is no rate. */
export async function wrk({ url, script, args = [], connections, seconds, core }: Load): Promise<Measured> {
  const options = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script.pathname, url];
  const command = ["wrk", ...options, "--", ...args];
  const [program = "", ...rest] = core === undefined ? command : ["taskset", "-c", String(core), ...command];
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
  endWithUs(child);
  let text = "";
  let interrupted = false;
  const collect = (chunk: Buffer): void => {
    text += chunk.toString();
    // Interrupted, wrk still prints its figures.
    if (!interrupted && text.includes("LIMIT\n")) interrupted = child.kill("SIGINT");
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const found = /^RESULT (.*)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error(`wrk gave no result:\n${text}`);
  const line = JSON.parse(found) as Line;
  if (line.failures > 0 || line.lost > 0 || line.requests === 0) {
    throw new Error(
      `${script.pathname} on ${url}: ${line.failures} wrong answers and ${line.lost} connection errors among ${line.requests}; the first: ${line.sample}`,
    );
  }
  const { requests, p50, p99 } = line;
  return { requests, seconds: line.seconds, rate: requests / line.seconds, p50, p99 };
}
