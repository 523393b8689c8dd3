/**
 * The requests of one connection, answered one after the other (RFC 9112 section 9.3.2). node:http hands over every
 * request that has arrived, and keeps each answer in memory until those before it are taken. On Bun it goes on reading
 * meanwhile, so that a client which asks and never reads could fill the memory; on Node the same happens within what
 * arrived at once. So the next request begins when the answer before it is gone, and few may wait.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** On one connection, the one that is being answered among them. Whoever sends more is cut off. */
export const mostRequests = 16;

type Exchange<Incoming, Outgoing> = readonly [incoming: Incoming, outgoing: Outgoing];

/** What is known of a connection while a request of it is being answered. */
interface Turn<Incoming, Outgoing> {
  readonly waiting: Exchange<Incoming, Outgoing>[];
  isAtWork: boolean;
}

export interface Turns<Incoming, Outgoing> {
  /** To be given each request as it arrives. */
  readonly take: (incoming: Incoming, outgoing: Outgoing) => void;
  /** How many requests are being answered, on all connections; those that wait are not among them. */
  readonly atWork: () => number;
}

/** `respond` is called for each request when its turn has come, which may be never. */
export function inTurn<Incoming extends IncomingMessage, Outgoing extends ServerResponse<Incoming>>(
  respond: (incoming: Incoming, outgoing: Outgoing) => void,
): Turns<Incoming, Outgoing> {
  const turns = new WeakMap<Socket, Turn<Incoming, Outgoing>>();
  let atWork = 0;

  function begin(turn: Turn<Incoming, Outgoing>, [incoming, outgoing]: Exchange<Incoming, Outgoing>): void {
    const { socket } = incoming;
    turn.isAtWork = true;
    atWork += 1;
    outgoing.once("close", () => {
      turn.isAtWork = false;
      atWork -= 1;
      const next = turn.waiting.shift();
      // On a connection that is gone, nothing begins that was only asked for.
      if (next !== undefined && !socket.destroyed) begin(turn, next);
    });
    respond(incoming, outgoing);
  }

  function take(incoming: Incoming, outgoing: Outgoing): void {
    const { socket } = incoming;
    let turn = turns.get(socket);
    if (turn === undefined) {
      turn = { waiting: [], isAtWork: false };
      turns.set(socket, turn);
    }
    if (!turn.isAtWork) begin(turn, [incoming, outgoing]);
    else if (turn.waiting.length < mostRequests - 1) turn.waiting.push([incoming, outgoing]);
    else socket.destroy();
  }

  return { take, atWork: () => atWork };
}
