/**
 * TLS in front of node:http, on both runtimes: node:tls takes the connections and hands each one on once the handshake
 * is done. Nothing else on Bun can change its certificate while it works, or see a client's (decision 0017). node:http
 * keeps no time for connections that it has not accepted itself, so that is done here.
 */
import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Server as NetServer, Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";

import type { TlsMaterial } from "../core/tls-material.ts";
import { unknownAddress, type ListenTls, type Timeouts } from "./serve.ts";
import { contextOf, serverOptions } from "./tls-context.ts";

export interface TlsFront {
  /** To be told where to listen. */
  readonly server: NetServer;
  readonly renew: (material: TlsMaterial) => void;
  /** Ends every connection, those in a handshake among them. */
  readonly cut: () => void;
}

/** What is known of a connection since its handshake. */
interface Connection {
  readonly socket: TLSSocket;
  /** The requests on it whose answers have not been sent. */
  inFlight: number;
  newest: IncomingMessage | undefined;
  /** When `newest` came, or since when no request has been in flight. */
  since: number;
  /** When a head began to arrive, if one has. */
  headSince: number | undefined;
  /** When bytes were seen for the last time, and how many had come and gone by then. */
  movedAt: number;
  moved: number;
}

export function tlsFront(http: HttpServer, { material, onRefused }: ListenTls, timeouts: Timeouts): TlsFront {
  const isVerifying = material.clientAuthority !== null;
  const open = new Set<Socket>();
  const connections = new Map<Socket, Connection>();

  const server = createServer(serverOptions(material, timeouts.head), (socket) => {
    track(open, socket);
    // Both runtimes have refused such a client before; should one ever not, nobody comes in by that.
    if (isVerifying && (!socket.authorized || socket.getPeerX509Certificate() === undefined)) {
      socket.destroy();
      return;
    }
    const now = performance.now();
    const connection: Connection = {
      socket,
      inFlight: 0,
      newest: undefined,
      since: now,
      headSince: now,
      movedAt: now,
      moved: 0,
    };
    connections.set(socket, connection);
    socket.once("close", () => connections.delete(socket));
    http.emit("connection", socket);
  });
  server.on("connection", (socket: Socket) => track(open, socket));
  server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
    onRefused("code" in error ? String(error.code) : error.name, { address: socket.remoteAddress ?? unknownAddress });
    // After its handshake's time-out, a connection would stay otherwise.
    socket.destroy();
  });

  http.on("request", (incoming, outgoing) => {
    const connection = connections.get(incoming.socket);
    if (connection === undefined) return;
    connection.inFlight += 1;
    connection.newest = incoming;
    connection.since = performance.now();
    connection.headSince = undefined;
    outgoing.once("close", () => {
      connection.inFlight -= 1;
      connection.since = performance.now();
      connection.moved = bytesOf(connection.socket);
    });
  });

  const watch = setInterval(() => {
    const now = performance.now();
    for (const connection of connections.values()) {
      if (isOver(connection, timeouts, now)) connection.socket.destroy();
    }
  }, timeouts.check);
  watch.unref();
  server.once("close", () => clearInterval(watch));

  return {
    server,
    renew: (next) => {
      if ((next.clientAuthority !== null) !== isVerifying) {
        throw new TypeError("whether clients need a certificate cannot change while a listener is at work");
      }
      server.setSecureContext(contextOf(next));
    },
    cut: () => {
      clearInterval(watch);
      for (const socket of open) socket.destroy();
    },
  };
}

function track(open: Set<Socket>, socket: Socket): void {
  if (open.has(socket)) return;
  open.add(socket);
  socket.once("close", () => open.delete(socket));
}

const bytesOf = ({ bytesRead, bytesWritten }: Socket): number => bytesRead + bytesWritten;

/** The same as node:http on plain connections: see `Timeouts`. */
function isOver(connection: Connection, { head, request, idle }: Timeouts, now: number): boolean {
  const moved = bytesOf(connection.socket);
  if (moved !== connection.moved) {
    connection.moved = moved;
    connection.movedAt = now;
    if (connection.inFlight === 0) connection.headSince ??= now;
  }
  if (now - Math.max(connection.movedAt, connection.since) >= idle) return true;
  if (connection.inFlight === 0) return connection.headSince !== undefined && now - connection.headSince >= head;
  return connection.newest?.complete === false && now - connection.since >= request;
}
