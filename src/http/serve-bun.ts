/**
 * Listening on Bun without TLS. Unset options of Bun.serve show stack frames and source lines to clients, allow bodies of 128 MiB and
 * wait for streams without end when stopped; each is set here.
 */
import {
  defaultTimeouts,
  described,
  guard,
  isAddressInUse,
  PortInUse,
  stopper,
  unknownAddress,
  type Listener,
  type ListenOptions,
  type Peer,
} from "./serve.ts";

type BunServer = Bun.Server<undefined>;

/** Asks for the address when somebody wants it, as the call costs more than all the rest of the wrapper. */
class SocketPeer implements Peer {
  readonly #server: BunServer;
  readonly #request: Request;
  #address: string | undefined;

  constructor(server: BunServer, request: Request) {
    this.#server = server;
    this.#request = request;
  }

  get address(): string {
    this.#address ??= this.#server.requestIP(this.#request)?.address ?? unknownAddress;
    return this.#address;
  }
}

export function listenHere(options: ListenOptions): Promise<Listener> {
  const { answer, failed } = guard(options.handler, options.onFault);
  const { hostname, port, maxBodyBytes, timeouts = defaultTimeouts } = options;
  try {
    const server: BunServer = Bun.serve({
      hostname,
      port,
      // Unset, a second listener of this process shares the port without a word, and requests go to either.
      reusePort: false,
      development: false,
      error: failed,
      maxRequestBodySize: maxBodyBytes,
      // Whole seconds, at most 255; 0 would switch it off.
      idleTimeout: Math.min(255, Math.max(1, Math.ceil(timeouts.idle / 1000))),
      fetch: (request, own) => answer(request, new SocketPeer(own, request)),
    });
    const stop = stopper({
      // The promise of a stop that waits is not needed: `cut` has one that comes sooner.
      refuse: () => void server.stop(),
      pending: () => server.pendingRequests,
      cut: () => server.stop(true),
    });
    return Promise.resolve({ ...described("http", hostname, server.port ?? port), renew: null, stop });
  } catch (error) {
    return Promise.reject(isAddressInUse(error) ? new PortInUse(hostname, port, error) : error);
  }
}
