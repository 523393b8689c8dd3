/** A server on a socket that answers as a test says, one answer after the other, and remembers what it was asked. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { openDoor } from "../../packages/client/src/doors.ts";
import type { Door } from "../../packages/client/src/doors/door.ts";
import type { DoorName } from "../../packages/client/src/door-names.ts";
import { openTransport } from "../../packages/client/src/transport.ts";

/** A JWT that nobody signed. */
const jwt = (claims: object): string =>
  [{ alg: "none" }, claims, "signature"]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");

export const now = (): number => Math.floor(Date.now() / 1000);

/** Tokens of session `sid` in its turn `seq`; the access token has `left` seconds, the other one is `age` old. */
export const pair = ({ sid = "one", seq = 1, left = 300, age = 3600 } = {}) => ({
  access_token: jwt({ exp: now() + left, sid, of: seq }),
  refresh_token: jwt({ sid, seq, iat: now() - age, exp: now() + 86_400 }),
  token_type: "Bearer",
});

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer, or none: the connection is closed once the request has been read. */
export type Step = Reply | "lost";

export interface Wire extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly {
    readonly line: string;
    readonly body: string;
    readonly authorization: string | undefined;
  }[];
  readonly door: (name?: DoorName) => Promise<Door>;
}

export async function wire(...steps: readonly (Step | (() => Step))[]): Promise<Wire> {
  const asked: { line: string; body: string; authorization: string | undefined }[] = [];
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const step = steps[asked.length];
    asked.push({ line: `${request.method} ${request.url}`, body, authorization: request.headers.authorization });
    const reply = typeof step === "function" ? step() : (step ?? { status: 500 });
    if (reply === "lost") return void request.socket.destroy();
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    response.end(
      reply.body === undefined ? "" : typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body),
    );
  }
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    door: async (name = "native") => openDoor(name, { server: url, transport: openTransport({ timeout: 5000 }) }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => void server.close(done));
    },
  };
}
