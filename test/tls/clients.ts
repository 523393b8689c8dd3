/** TLS clients: wires of node:tls for what no HTTP client sends, and openssl's own client for what no runtime offers. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";

import type { Listener } from "../../src/http/serve.ts";
import { wireOf, type Wire } from "../runtime/raw-socket.ts";

type Address = Pick<Listener, "port">;

export interface SecureWire extends Wire {
  readonly socket: TLSSocket;
}

/** An open connection; the handshake may still be under way. */
export function secureOpen({ port }: Address, options: ConnectionOptions): SecureWire {
  const socket = connect({ port, host: "127.0.0.1", ...options });
  return { ...wireOf(socket), socket };
}

/** Sends `bytes` once the handshake is done, and waits for the server to close. */
export function secureExchange(address: Address, options: ConnectionOptions, bytes: string): Wire["closed"] {
  const { socket, closed } = secureOpen(address, options);
  socket.once("secureConnect", () => socket.write(Buffer.from(bytes, "latin1")));
  return closed;
}

/** The serial number of the certificate that the server shows now. */
export function serialShown(address: Address, ca: string): Promise<string> {
  const { socket } = secureOpen(address, { ca });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const { serialNumber } = socket.getPeerX509Certificate()!;
      socket.destroy();
      resolve(serialNumber);
    });
  });
}

export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
export const hasCurl = spawnSync("curl", ["--version"]).status === 0;

export interface Said {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end with `input`, and gives both of its outputs. */
export function runs(program: string, words: readonly string[], input = ""): Promise<Said> {
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  child.stdin.on("error", () => {}); // it may end without reading
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** What openssl says of a handshake with these options: the agreed version and suite, or its error. */
export async function handshake({ port }: Address, ...options: readonly string[]): Promise<string> {
  const { output } = await runs("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, ...options]);
  const [, version, suite] = /^New, (TLSv1\.\d), Cipher is (\S+)$/m.exec(output) ?? [];
  if (version !== undefined) return `${version} ${suite}`;
  const alert = /SSL routines:[^:]*:([^:]+):/.exec(output)?.[1];
  assert.ok(alert !== undefined, output);
  return alert;
}
