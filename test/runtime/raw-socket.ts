/**
 * Bytes on a socket and what comes back, since no HTTP client would send most of what is tested here. An exchange ends
 * when the server closes the connection: that is an event, so nothing waits for a length of time.
 */
import { connect, type Socket } from "node:net";
import type { Listener } from "../../src/http/serve.ts";

export interface Answer {
  /** 0 when the connection was closed without a word. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Everything that came, further answers among it. */
  readonly text: string;
}

/** An open connection; `closed` resolves with what had come by then, never rejects. */
export interface Wire {
  readonly socket: Socket;
  readonly closed: Promise<Answer>;
  /** Resolves when what has come includes `text`; rejects when the connection closes before. */
  received(text: string): Promise<void>;
}

type Address = Pick<Listener, "hostname" | "port">;

export const open = ({ hostname, port }: Address): Wire => wireOf(connect(port, hostname));

export function wireOf(socket: Socket): Wire {
  let text = "";
  const closed = new Promise<Answer>((resolve) => {
    // A reset is one way of closing; the close event follows it.
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(parsed(text)));
  });
  function received(wanted: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (text.includes(wanted)) resolve();
      };
      socket.on("data", look);
      socket.on("close", () =>
        reject(new Error(`closed before ${JSON.stringify(wanted)} came: ${JSON.stringify(text)}`)),
      );
      look();
    });
  }
  return { socket, closed, received };
}

/** Sends `bytes` and waits for the server to close. */
export function exchange(address: Address, bytes: string | Buffer): Promise<Answer> {
  const { socket, closed } = open(address);
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  return closed;
}

/** A well-formed request that asks for the connection to be closed; `lines` are header lines. */
export function request(method: string, target: string, lines: readonly string[] = [], body = ""): string {
  const framing = body === "" ? [] : [`Content-Length: ${body.length}`];
  return head(`${method} ${target} HTTP/1.1`, ["Host: jeton.test", "Connection: close", ...framing, ...lines]) + body;
}

/** Any first line and header lines, with the line ends and nothing else added. */
export function head(first: string, lines: readonly string[]): string {
  return `${[first, ...lines].join("\r\n")}\r\n\r\n`;
}

function parsed(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const top = end === -1 ? text : text.slice(0, end);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(top)?.[1] ?? 0);
  return { status, head: top, body: end === -1 ? "" : text.slice(end + 4), text };
}
