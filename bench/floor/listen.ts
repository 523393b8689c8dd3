/** The barest HTTP of each runtime, so that the floor is the floor: `Bun.serve` with one function, or `node:http` with one listener. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export type Respond = (method: string, path: string, body: string) => Answer | Promise<Answer>;

const headers = { "content-type": "application/json", "cache-control": "no-store" };
const hostname = "127.0.0.1";

/** Listens on a free port of the loopback and answers the URL. */
export function listen(respond: Respond): Promise<string> {
  return "Bun" in globalThis ? listenOnBun(respond) : listenOnNode(respond);
}

async function listenOnBun(respond: Respond): Promise<string> {
  const server = Bun.serve({
    hostname,
    port: 0,
    development: false,
    fetch: async (request) => {
      const body = request.method === "POST" ? await request.text() : "";
      // Cut, not parsed: the floor knows that its only client sends a plain path.
      const path = request.url.slice(request.url.indexOf("/", "http://".length));
      const answer = await respond(request.method, path, body);
      return new Response(answer.body, { status: answer.status, headers });
    },
  });
  return `http://${hostname}:${server.port}`;
}

function listenOnNode(respond: Respond): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      void Promise.resolve(respond(request.method ?? "", request.url ?? "", body)).then((answer) => {
        response.writeHead(answer.status, { ...headers, "content-length": Buffer.byteLength(answer.body) });
        response.end(answer.body);
      });
    });
  });
  return new Promise((resolve) => {
    server.listen(0, hostname, () => {
      resolve(`http://${hostname}:${(server.address() as AddressInfo).port}`);
    });
  });
}
