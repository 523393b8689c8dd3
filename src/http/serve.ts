/**
 * The one place that listens, on whichever runtime runs us. The defaults of both are unfit for a server that strangers
 * reach (pages with stack frames, 204 for a forgotten return, time-outs of minutes), so the code of each is in a file of
 * its own, loaded only there, and what both must promise is in `guard` below. RFC 9110, RFC 9112, RFC 9457.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { TlsMaterial } from "../core/tls-material.ts";
import { millis, type Millis } from "../core/units.ts";
import { problem } from "./problem.ts";

/** The other end of the connection; behind a proxy that is the proxy (see peer.ts). */
export interface Peer {
  /** An IP address as the runtime spells it; `unknownAddress` when the connection is already gone. */
  readonly address: string;
}

/** Takes a request, gives its answer. What it throws is a fault, never a protocol answer. */
export type Handler = (request: Request, peer: Peer) => Response | Promise<Response>;

export interface ListenOptions {
  /** An IP address or a name; the empty string and a missing one would mean every interface, so neither is accepted. */
  readonly hostname: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly handler: Handler;
  /** Called once for each request that failed in here, with a `RequestFault`; a throw in it is ignored. */
  readonly onFault: (fault: unknown) => void;
  /** Bytes; a larger body ends in 413 or a cut connection, whatever the handler does. Handlers set smaller limits. */
  readonly maxBodyBytes: number;
  /** Null: plain HTTP. */
  readonly tls: ListenTls | null;
  /** Other time-outs than `defaultTimeouts`, for tests. */
  readonly timeouts?: Timeouts;
}

export interface ListenTls {
  readonly material: TlsMaterial;
  /** Called for each connection whose handshake failed, with the runtime's short code for it. */
  readonly onRefused: (reason: string, peer: Peer) => void;
}

export interface Timeouts {
  /** For the head of a request, or a handshake, to arrive (on Bun without TLS it is 12 s and cannot be set). */
  readonly head: Millis;
  /** For the whole request to arrive (not on Bun without TLS). */
  readonly request: Millis;
  /** Of silence on a connection, between requests or in one; a handler that takes longer loses its connection. */
  readonly idle: Millis;
  /** How often Node looks. Bun looks about every 4 s, but with TLS as often as Node. */
  readonly check: Millis;
}

export const defaultTimeouts: Timeouts = {
  head: millis(10_000),
  request: millis(30_000),
  idle: millis(30_000),
  check: millis(2000),
};

export interface Listener {
  readonly hostname: string;
  readonly port: number;
  /** `http://HOST:PORT`, with TLS `https://`, without a slash at the end. */
  readonly url: string;
  /**
   * Handshakes from now on use other material; connections that are open go on. Whether clients need a certificate
   * cannot change. Null without TLS.
   */
  readonly renew: ((material: TlsMaterial) => void) | null;
  /** Accepts no more, lets requests in flight finish for `grace`, then cuts them. Resolves when all is closed. */
  stop(grace: Millis): Promise<void>;
}

/** In place of the address of a client that has hung up; all of them share one throttle. */
export const unknownAddress = "0.0.0.0";

/** The address that was asked for is taken. */
export class PortInUse extends Error {
  readonly code = "PORT_IN_USE";
  /** `HOST:PORT` */
  readonly address: string;

  constructor(hostname: string, port: number, cause: unknown) {
    const address = `${bracketed(hostname)}:${port}`;
    super(`${address} is already in use. Do: stop the program that has it, or choose another address`, {
      cause,
    });
    this.name = "PortInUse";
    this.address = address;
  }
}

/** A request that we failed to answer: what was thrown is the cause, and the client knows the request id. */
export class RequestFault extends Error {
  readonly code = "REQUEST_FAULT";
  readonly requestId: string;

  constructor(requestId: string, cause: unknown) {
    super("a request could not be answered", { cause });
    this.name = "RequestFault";
    this.requestId = requestId;
  }
}

/** What runs us, for those who want to know and not for those who would do something else on it. */
export const runtimeHere = (): { readonly name: "bun" | "node"; readonly version: string } => {
  const bun = process.versions["bun"];
  return bun === undefined ? { name: "node", version: process.versions.node } : { name: "bun", version: bun };
};

/** Listens until `stop`. Throws `PortInUse`, or the runtime's error when the address cannot be had for another reason. */
export async function listen(options: ListenOptions): Promise<Listener> {
  if (options.hostname === "") throw new TypeError("listen needs a host name");
  const isBuns = "Bun" in globalThis && options.tls === null;
  const runtime = isBuns ? await import("./serve-bun.ts") : await import("./serve-node.ts");
  return runtime.listenHere(options);
}

/** What each runtime does with a request: `answer` never throws or rejects, and gives nothing but responses. */
export interface Guard {
  readonly answer: Handler;
  /** The answer to a fault; it is reported on the way. */
  readonly failed: (fault: unknown) => Response;
}

// Taken before anything replaces it: the adapter on Node puts a faster class in its place, which inherits from this one.
const AnyResponse = globalThis.Response;

/** Wraps a handler once per listener, so that a request costs no closure. */
export function guard(handler: Handler, onFault: (fault: unknown) => void): Guard {
  function failed(fault: unknown): Response {
    const requestId = crypto.randomUUID();
    try {
      onFault(new RequestFault(requestId, fault));
    } catch {
      // A log that fails must not cost the client its answer.
    }
    return problem("internal_error", { requestId });
  }
  // Bun answers 204 to a handler that returned nothing, and Node tells the client about a TypeError. On a route that
  // decides something, 204 is a yes.
  function checked(given: unknown): Response {
    return given instanceof AnyResponse ? given : failed(new TypeError(`the handler returned ${nameOf(given)}`));
  }
  function answer(request: Request, peer: Peer): Response | Promise<Response> {
    try {
      const given: unknown = handler(request, peer);
      return given instanceof Promise ? given.then(checked, failed) : checked(given);
    } catch (fault) {
      return failed(fault);
    }
  }
  return { answer, failed };
}

/** Never the value: it may be what must not be logged. */
function nameOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/** What each runtime can do about stopping. */
export interface Drain {
  /** Accepts no more; connections without a request may stay. */
  refuse(): void;
  /** How many requests are in flight, their answers not all sent. */
  pending(): number;
  /** Closes what is left, and resolves when it is closed. */
  cut(): Promise<unknown>;
}

const drainStep = 10;

/**
 * `Listener.stop`. Both runtimes would wait for a connection that has sent half a head, and for a stream without end, so
 * the requests are watched instead of the connections. A second call may shorten the grace, never lengthen it.
 */
export function stopper(drain: Drain): Listener["stop"] {
  let deadline = Infinity;
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    drain.refuse();
    while (drain.pending() > 0 && performance.now() < deadline) await pause(drainStep);
    await drain.cut();
  }
  return (grace) => {
    deadline = Math.min(deadline, performance.now() + grace);
    stopped ??= stop();
    return stopped;
  };
}

/** The host of an address as a URL writes it. */
function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** What `listen` tells of the address it has. */
export function described(
  scheme: "http" | "https",
  hostname: string,
  port: number,
): Pick<Listener, "hostname" | "port" | "url"> {
  return { hostname, port, url: `${scheme}://${bracketed(hostname)}:${port}` };
}

/** True for the error that a taken address is reported by, on both runtimes. */
export function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
