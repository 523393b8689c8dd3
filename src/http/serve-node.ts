/**
 * Listening on Node, and with TLS on Bun too: node:http behind the adapter of Hono, which makes Request and Response out
 * of it lazily and so is twice as fast as the standard classes. What is added is what the two leave open: time-outs of
 * seconds, a limit on bodies, requests in turn, and that no text of an error of theirs reaches a client.
 */
import {
  createServer,
  IncomingMessage,
  ServerResponse,
  STATUS_CODES,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from "node:http";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { getRequestListener, RequestError, type HttpBindings } from "@hono/node-server";
import type { RefusalCode } from "../core/refusals.ts";
import { problem } from "./problem.ts";
import { tlsFront } from "./serve-tls.ts";
import { inTurn } from "./turns.ts";
import {
  defaultTimeouts,
  described,
  guard,
  isAddressInUse,
  PortInUse,
  stopper,
  unknownAddress,
  type Guard,
  type Listener,
  type ListenOptions,
  type Peer,
} from "./serve.ts";

/** Asks for the address when somebody wants it: for the first request of a connection it is a system call. */
class SocketPeer implements Peer {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get address(): string {
    return this.#socket.remoteAddress ?? unknownAddress;
  }
}

/** What one listener's messages share. */
interface State {
  readonly failed: Guard["failed"];
  readonly maxBodyBytes: number;
  draining: boolean;
}

export async function listenHere(options: ListenOptions): Promise<Listener> {
  const { hostname, port, maxBodyBytes, timeouts = defaultTimeouts, tls } = options;
  const { answer, failed } = guard(options.handler, options.onFault);
  const state: State = { failed, maxBodyBytes, draining: false };
  const respond = getRequestListener(
    (request, bindings) => {
      const { incoming } = bindings as HttpBindings;
      const declared = incoming.headers["content-length"];
      // Bun has refused such a body before its handler runs.
      if (declared !== undefined && Number(declared) > maxBodyBytes) return refusal("body_too_large");
      return answer(request, new SocketPeer(incoming.socket));
    },
    // A Host or a target that the adapter cannot make a URL of.
    {
      errorHandler: (error) => (error instanceof RequestError ? refusal("malformed_request") : failed(error)),
      // The adapter's own Response is nothing that Bun's server takes, and a plain listener may be beside this one.
      overrideGlobalObjects: !("Bun" in globalThis),
    },
  );
  const { take, atWork } = inTurn<IncomingMessage, ServerResponse>((incoming, outgoing) => {
    // Nothing is left to throw in there; if it did, the rejection would end the process.
    respond(incoming, outgoing).catch((fault: unknown) => outgoing.destroy(asError(fault)));
  });
  const server = createServer(
    {
      ...messageClasses(state),
      headersTimeout: timeouts.head,
      requestTimeout: timeouts.request,
      keepAliveTimeout: timeouts.idle,
      connectionsCheckingInterval: timeouts.check,
      maxHeaderSize: 16 * 1024,
    },
    take,
  );
  // A client that reads nothing, or a handler that hangs; Bun's idle time-out covers both too.
  server.timeout = timeouts.idle;
  // Older releases drop the headers after the thousandth without a word, what a proxy appended among them. Their size
  // is limited all the same.
  server.maxHeadersCount = 0;
  const front = tls === null ? undefined : tlsFront(server, tls, timeouts);
  const door = front?.server ?? server;
  await listening(door, hostname, port);
  // A connection that could not be accepted, as when there are no more files, must not end the process.
  door.on("error", options.onFault);

  let closed: Promise<unknown> | undefined;
  const stop = stopper({
    refuse: () => {
      state.draining = true;
      closed = new Promise((resolve) => door.close(resolve));
    },
    pending: atWork,
    cut: () => {
      if (front === undefined) server.closeAllConnections();
      else front.cut();
      return Promise.resolve(closed);
    },
  });
  const { address, port: given } = door.address() as AddressInfo;
  return {
    ...described(front === undefined ? "http" : "https", address, given),
    renew: front?.renew ?? null,
    stop,
  };
}

function listening(server: NetServer, hostname: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(isAddressInUse(error) ? new PortInUse(hostname, port, error) : error));
    server.listen({ host: hostname, port, exclusive: true }, resolve);
  });
}

/** A refusal made before the handler is asked; what the client still sends is not worth waiting for. */
function refusal(code: RefusalCode): Response {
  return problem(code, { requestId: crypto.randomUUID(), headers: { connection: "close" } });
}

function asError(fault: unknown): Error {
  return fault instanceof Error ? fault : new Error("not an Error was thrown", { cause: fault });
}

/** The two classes that node:http builds for each request of one listener. */
function messageClasses(state: State) {
  /**
   * An answer that the adapter can only give as it was meant. When a Response turns out to be impossible, the adapter
   * writes the text of the error to the client; its calls are recognised here and our problem document is sent instead.
   */
  class GuardedResponse extends ServerResponse<CountedMessage> {
    /** Another answer is on its way; nothing more is taken. */
    #replaced = false;
    /** A part of the body has been sent, so that a last text can only be the adapter's. */
    #begun = false;

    constructor(incoming: CountedMessage) {
      super(incoming);
      incoming.reply = this;
    }

    override writeHead(
      status: number,
      reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
      headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
    ): this {
      if (this.#replaced) return this;
      if (state.draining) this.shouldKeepAlive = false;
      if (isErrorOfAdapter(status, reason)) {
        this.#begun = true;
        return this;
      }
      try {
        return typeof reason === "string" ? super.writeHead(status, reason, headers) : super.writeHead(status, reason);
      } catch (fault) {
        return this.#fail(fault);
      }
    }

    override flushHeaders(): void {
      this.#begun = true;
      if (!this.#replaced) super.flushHeaders();
    }

    override write(chunk: unknown, encoding?: BufferEncoding | WriteDone, done?: WriteDone): boolean {
      this.#begun = true;
      return this.#replaced || super.write(chunk, encoding as BufferEncoding, done);
    }

    override end(chunk?: unknown, encoding?: BufferEncoding | (() => void), done?: () => void): this {
      if (this.#replaced) return this;
      if (this.#begun && typeof chunk === "string") {
        // The fault itself comes with `destroy`, in this same turn.
        queueMicrotask(() => this.#fail(new Error("an answer broke off")));
        return this;
      }
      return super.end(chunk, encoding as BufferEncoding, done);
    }

    override destroy(fault?: Error): this {
      // Node gives up what waits on a connection that is gone, with an error; that is no fault of ours.
      return fault === undefined || this.req.socket.destroyed ? super.destroy() : this.#fail(fault);
    }

    #fail(fault: unknown): this {
      if (!this.#replaced) this.#replace(state.failed(fault));
      return this;
    }

    /** Sends `answer` in place of all that was to come, or cuts the connection when the head is already sent. */
    #replace(answer: Response): void {
      this.#replaced = true;
      if (this.headersSent) {
        super.destroy();
        return;
      }
      this.shouldKeepAlive = false;
      void answer.text().then((text) => {
        const headers = { ...Object.fromEntries(answer.headers), "content-length": Buffer.byteLength(text) };
        super.writeHead(answer.status, STATUS_CODES[answer.status], headers);
        super.end(text);
      });
    }

    /** The body is over the limit: the client is told, and whoever reads the body finds it broken off. */
    refuseBody(incoming: IncomingMessage): void {
      this.once("finish", () => incoming.destroy());
      if (!this.#replaced) this.#replace(refusal("body_too_large"));
    }
  }

  /** Counts what arrives, as a chunked body does not say its length beforehand. */
  class CountedMessage extends IncomingMessage {
    reply: GuardedResponse | undefined;
    #taken = 0;

    override push(chunk: unknown, encoding?: BufferEncoding): boolean {
      if (chunk instanceof Uint8Array) {
        const before = this.#taken;
        this.#taken += chunk.byteLength;
        if (this.#taken > state.maxBodyBytes) {
          if (before <= state.maxBodyBytes) this.reply?.refuseBody(this);
          return false;
        }
      } else if (this.#taken > state.maxBodyBytes) {
        // The end of a body that was not taken whole: nobody may mistake it for the end of a whole one.
        return false;
      }
      return super.push(chunk, encoding);
    }
  }

  return { IncomingMessage: CountedMessage, ServerResponse: GuardedResponse };
}

type WriteDone = (error: Error | null | undefined) => void;

/** The head that `handleResponseError` of the adapter writes; we have no plain text of status 500. */
function isErrorOfAdapter(status: number, headers: unknown): boolean {
  return (
    status === 500 && headers instanceof Object && "Content-Type" in headers && headers["Content-Type"] === "text/plain"
  );
}
