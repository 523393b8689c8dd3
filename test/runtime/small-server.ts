/**
 * A server as small as can be that does what every route of ours does, in the same order: the edge, the body, and only
 * then an effect. Tests count the effects.
 */
import { checkEdge, readBody } from "../../src/http/edge.ts";
import { problem } from "../../src/http/problem.ts";
import { listen, type Handler, type Listener, type ListenOptions, type Timeouts } from "../../src/http/serve.ts";
import { millis } from "../../src/core/units.ts";

/** Times that a test can wait for. Bun looks at silent connections about every 4 s, whatever is asked. */
const shortTimeouts: Timeouts = { head: millis(500), request: millis(1000), idle: millis(1000), check: millis(100) };

export const onBun = "Bun" in globalThis;

export interface SmallServer extends Listener, AsyncDisposable {
  /** `METHOD path body` of each request that had its effect. */
  readonly effects: readonly string[];
  readonly faults: readonly unknown[];
}

export async function serving(handler: Handler, options: Partial<ListenOptions> = {}): Promise<SmallServer> {
  const faults: unknown[] = [];
  return { ...(await started(handler, faults, options)), effects: [], faults };
}

/** The server of most tests: answers `done` after the effect. */
export async function effectServer(options: Partial<ListenOptions> = {}, bodyLimit = 4096): Promise<SmallServer> {
  const effects: string[] = [];
  const faults: unknown[] = [];
  const handler: Handler = async (request) => {
    const edge = checkEdge(request);
    if (!edge.ok) return problem(edge.code, { requestId: "edge", detail: edge.detail });
    const body = await readBody(request, bodyLimit);
    if (!body.ok) return problem(body.code, { requestId: "body", detail: body.detail });
    effects.push(`${request.method} ${edge.pathname} ${new TextDecoder().decode(body.value)}`.trim());
    return new Response("done");
  };
  return { ...(await started(handler, faults, options)), effects, faults };
}

async function started(handler: Handler, faults: unknown[], options: Partial<ListenOptions>) {
  const listener = await listen({
    hostname: "127.0.0.1",
    port: 0,
    handler,
    onFault: (fault) => faults.push(fault),
    maxBodyBytes: 65_536,
    tls: null,
    timeouts: shortTimeouts,
    ...options,
  });
  return { ...listener, [Symbol.asyncDispose]: () => listener.stop(millis(0)) };
}
