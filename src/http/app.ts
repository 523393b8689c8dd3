/**
 * Delivery: from a request to its route and from the handler's answer to a response, the same for every door. It knows
 * no OAuth and no product; what is particular to a door comes in as a mount.
 */
import { Hono } from "hono";

import type { RefusalCode } from "../core/refusals.ts";
import { refused, type Outcome, type Refusal } from "../core/result.ts";
import type { Scope } from "../core/scope.ts";
import { Secret } from "../core/secret.ts";
import { bearerToken } from "./authorization.ts";
import { checkEdge, knownMethods, readBody } from "./edge.ts";
import { readInput } from "./input.ts";
import { problem, type ProblemDetails } from "./problem.ts";
import { respond } from "./respond.ts";
import type { Route } from "./route.ts";
import type { Handler, Peer } from "./serve.ts";

/** How a door words a refusal; native doors answer problems, a dialect its product's own. */
export type Refuse = (code: RefusalCode, details: ProblemDetails) => Response;

export interface Mount<Caller> {
  /** Empty, or `/` and a name. */
  readonly prefix: string;
  readonly routes: readonly Route<Caller>[];
  readonly refuse: Refuse;
}

export interface AccessLogEntry {
  readonly requestId: string;
  readonly method: string;
  /** The declared path; null when none matched. What was really asked may hold secrets and is not logged. */
  readonly route: string | null;
  readonly status: number;
  readonly address: string;
  readonly milliseconds: number;
}

export interface AppOptions<Caller> {
  readonly mounts: readonly Mount<Caller>[];
  readonly authenticate: (accessToken: Secret) => Promise<Outcome<Caller>>;
  readonly scopesOf: (caller: Caller) => readonly Scope[];
  readonly addressOf: (request: Request, peer: Peer) => string;
  readonly newRequestId: () => string;
  readonly monotonic: () => number;
  readonly log: (entry: AccessLogEntry) => void;
  /** Told of a thrown fault before it becomes a 500, or a 503 if `isUnavailable` says so. */
  readonly onFault: (fault: unknown, requestId: string) => void;
  readonly isUnavailable: (fault: unknown) => boolean;
  /** Bytes. */
  readonly maxBody: number;
}

/** One request on its way through. */
interface Passage {
  readonly request: Request;
  readonly url: URL;
  readonly requestId: string;
  readonly address: string;
  route: string | null;
}

interface Environment {
  readonly Bindings: { readonly passage: Passage };
}

const challenge = 'Bearer realm="jeton"';

/** RFC 6750 section 3: what a refused caller should do about its token. */
function challengeFor(refusal: Refusal, scope: Scope | null): Readonly<Record<string, string>> | undefined {
  switch (refusal.code) {
    case "missing_token":
      return { "www-authenticate": challenge };
    case "invalid_token":
      return { "www-authenticate": `${challenge}, error="invalid_token"` };
    case "insufficient_scope":
      return { "www-authenticate": `${challenge}, error="insufficient_scope", scope="${scope ?? ""}"` };
    default:
      return undefined;
  }
}

export function createApp<Caller>(options: AppOptions<Caller>): Handler {
  // The path that the edge has checked, and not one read a second time.
  const hono = new Hono<Environment>({
    getPath: (_request, context) => (context as { env: Environment["Bindings"] }).env.passage.url.pathname,
  });

  async function callerOf({ declaration }: Route<Caller>, headers: Headers): Promise<Outcome<Caller | undefined>> {
    if (declaration.authentication !== "bearer") return { ok: true, value: undefined };
    const presented = bearerToken(headers.get("authorization"));
    if (!presented.ok) return presented;
    const caller = await options.authenticate(new Secret(presented.value));
    if (!caller.ok) return caller;
    return options.scopesOf(caller.value).includes(declaration.scope) ? caller : refused("insufficient_scope");
  }

  async function deliver(
    mount: Mount<Caller>,
    route: Route<Caller>,
    passage: Passage,
    params: Record<string, string>,
  ): Promise<Response> {
    const { request, requestId, address } = passage;
    const { declaration, handle } = route;
    const refuse = (refusal: Refusal, errors?: ProblemDetails["errors"]): Response =>
      mount.refuse(refusal.code, {
        requestId,
        detail: refusal.detail,
        ...(errors === undefined ? {} : { errors }),
        headers: { "x-request-id": requestId, ...challengeFor(refusal, declaration.scope) },
      });

    const caller = await callerOf(route, request.headers);
    if (!caller.ok) return refuse(caller);
    const bytes = declaration.body === "none" ? undefined : await readBody(request, options.maxBody);
    if (bytes !== undefined && !bytes.ok) return refuse(bytes);
    const input = readInput(declaration, {
      bytes: bytes?.value,
      url: passage.url,
      params,
      headers: request.headers,
    });
    if (!input.ok) return refuse(input.refusal, input.errors);
    const answer = await handle({
      ...input.value,
      caller: caller.value as never,
      headers: request.headers,
      from: { address, requestId },
      signal: request.signal,
    });
    return "ok" in answer ? refuse(answer) : respond(declaration, answer, requestId);
  }

  async function guarded(mount: Mount<Caller>, passage: Passage, work: () => Promise<Response>): Promise<Response> {
    try {
      return await work();
    } catch (fault) {
      const outage = options.isUnavailable(fault);
      // Nobody is left to answer, and nothing has failed.
      if (!(outage && passage.request.signal.aborted)) options.onFault(fault, passage.requestId);
      const code = outage ? "temporarily_unavailable" : "internal_error";
      return mount.refuse(code, { requestId: passage.requestId, headers: { "x-request-id": passage.requestId } });
    }
  }

  for (const mount of options.mounts) {
    const methods = new Map<string, string[]>();
    for (const route of mount.routes) {
      const path = `${mount.prefix}${route.declaration.path}`;
      const method = route.declaration.method.toUpperCase();
      // HEAD asks for the head of a GET that changes nothing (RFC 9110 section 9.3.2); a GET that signs in has none.
      const hasHead = method === "GET" && route.declaration.authentication !== "credentials";
      methods.set(path, [...(methods.get(path) ?? []), method, ...(hasHead ? ["HEAD"] : [])]);
      hono.on(method, path, (context, next) => {
        const { passage } = context.env;
        passage.route = path;
        if (passage.request.method === "HEAD" && !hasHead) return next();
        return guarded(mount, passage, () => deliver(mount, route, passage, context.req.param()));
      });
    }
    for (const [path, allowed] of methods) {
      hono.all(path, ({ env: { passage } }) => {
        passage.route = path;
        return mount.refuse("method_not_allowed", {
          requestId: passage.requestId,
          headers: { allow: allowed.join(", "), "x-request-id": passage.requestId },
        });
      });
    }
  }

  /** Who words the refusal of a request that reached no route: the mount that the path seems to be of. */
  const refuserOf = (pathname: string): Refuse => {
    const named = options.mounts.find(({ prefix }) => prefix !== "" && pathname.startsWith(`${prefix}/`));
    return (named ?? options.mounts.find(({ prefix }) => prefix === ""))?.refuse ?? problem;
  };
  hono.notFound(({ env: { passage } }) => {
    const { requestId, url } = passage;
    return refuserOf(url.pathname)("not_found", { requestId, headers: { "x-request-id": requestId } });
  });

  return async (request, peer) => {
    const started = options.monotonic();
    const requestId = options.newRequestId();
    const address = options.addressOf(request, peer);
    const edge = checkEdge(request);
    if (!edge.ok) {
      const response = refuserOf(URL.parse(request.url)?.pathname ?? "")(edge.code, {
        requestId,
        detail: edge.detail,
        headers: {
          "x-request-id": requestId,
          // RFC 9110 section 15.5.6: a 405 names the methods, and no route was found to ask for its own.
          ...(edge.code === "method_not_allowed" ? { allow: knownMethods } : {}),
        },
      });
      finish({ requestId, address, route: null }, request, response, started);
      return response;
    }
    const passage: Passage = { request, url: edge.url, requestId, address, route: null };
    const response = await hono.fetch(request, { passage });
    finish(passage, request, response, started);
    return response;
  };

  function finish(
    passage: Pick<Passage, "requestId" | "address" | "route">,
    { method }: Request,
    { status }: Response,
    started: number,
  ): void {
    const { requestId, address, route } = passage;
    options.log({ requestId, method, route, status, address, milliseconds: options.monotonic() - started });
  }
}
