/**
 * Delivery: from a request to its route and from the handler's answer to a response, the same for every door. It knows
 * no OAuth and no product; what is particular to a door comes in as a mount.
 */
import { recentSignIn } from "../core/recent-sign-in.ts";
import { refusalEntry, type RefusalCode } from "../core/refusals.ts";
import { refused, type Outcome, type Refusal } from "../core/result.ts";
import type { Scope } from "../core/scope.ts";
import { Secret } from "../core/secret.ts";
import type { Millis, Seconds } from "../core/units.ts";
import { bearerToken } from "./authorization.ts";
import { checkEdge, knownMethods, readBody } from "./edge.ts";
import { readInput } from "./input.ts";
import { problem, type ProblemDetails } from "./problem.ts";
import { respond } from "./respond.ts";
import { openRouting, type Mount, type Place, type Refuse } from "./routing.ts";
import type { RateClass, Route, ShedClass } from "./route.ts";
import type { Handler, Peer } from "./serve.ts";
import type { Gate } from "./shed.ts";

export interface AccessLogEntry {
  readonly requestId: string;
  readonly method: string;
  /** The declared path; null when none matched. What was really asked may hold secrets and is not logged. */
  readonly route: string | null;
  readonly status: number;
  readonly address: string;
  readonly milliseconds: number;
}

/** One request of a caller, counted. */
export interface Counted {
  /** What every answer to it has, whatever comes of it. */
  readonly headers: Readonly<Record<string, string>>;
  /** It is one too many, and there is another after so long. */
  readonly retryAfter?: Seconds | undefined;
}

/** Told of every answer, for counting. */
export interface AppMeter {
  /** `route` is the declared path and `rate` its class; both are null where no route was found, and `rate` at a 405. */
  readonly answered: (
    route: string | null,
    method: string,
    status: number,
    rate: RateClass | null,
    milliseconds: number,
  ) => void;
}

export interface AppOptions<Caller> {
  readonly mounts: readonly Mount<Caller>[];
  readonly authenticate: (accessToken: Secret, address: string) => Promise<Outcome<Caller>>;
  /** Takes one of a caller's requests, and tells it of the token it came with. */
  readonly count: (caller: Caller, now: Millis) => Counted;
  readonly scopesOf: (caller: Caller) => readonly Scope[];
  readonly addressOf: (request: Request, peer: Peer) => string;
  /** Whether this machine itself is asking, as far as that is certain. */
  readonly isLocal: (request: Request, peer: Peer) => boolean;
  readonly gate: Gate;
  readonly meter: AppMeter;
  /** Whether the caller may do what a route declares to be for the whole instance. */
  readonly reachesAll: (caller: Caller) => boolean;
  /** For routes of the rate class `write`: takes one of the caller's changes; undefined, or the seconds to wait. */
  readonly spend: (caller: Caller, shed: ShedClass, now: Millis) => Seconds | undefined;
  /** Told of what a route refused, with the reason that the client is not told. */
  readonly onRefused: (
    refusal: Refusal,
    of: { readonly requestId: string; readonly route: string; readonly address: string },
  ) => void;
  readonly newRequestId: () => string;
  readonly monotonic: () => Millis;
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
  readonly pathname: string;
  readonly search: string;
  readonly requestId: string;
  readonly address: string;
  readonly peer: Peer;
  readonly started: Millis;
  route: string | null;
  rate: RateClass | null;
  /** Headers that tell the caller of its token, as soon as it is known who that is. */
  told: Readonly<Record<string, string>>;
}

/** Who calls where nobody needs to say. */
const nobody = { ok: true, value: undefined } as const;

const challenge = 'Bearer realm="jeton"';

/** RFC 6750 section 3 and RFC 9470 section 3: what a refused caller should do about its token. */
function challengeFor(refusal: Refusal, scope: Scope | null): Readonly<Record<string, string>> | undefined {
  switch (refusal.code) {
    case "missing_token":
      return { "www-authenticate": challenge };
    case "invalid_token":
      return { "www-authenticate": `${challenge}, error="invalid_token"` };
    case "reauthentication_needed":
      return {
        "www-authenticate": `${challenge}, error="insufficient_user_authentication", max_age="${recentSignIn}"`,
      };
    case "insufficient_scope":
      return { "www-authenticate": `${challenge}, error="insufficient_scope", scope="${scope ?? ""}"` };
    default:
      return undefined;
  }
}

/** What every refusal's answer has, however a door words it. An outage says when to come back. */
function headersOf(
  requestId: string,
  { code, retryAfter }: { readonly code: RefusalCode; readonly retryAfter?: number | undefined },
): Readonly<Record<string, string>> {
  const wait = retryAfter ?? (refusalEntry(code).status === 503 ? 1 : undefined);
  return { "x-request-id": requestId, ...(wait === undefined ? {} : { "retry-after": String(wait) }) };
}

export function createApp<Caller>(options: AppOptions<Caller>): Handler {
  const placeOf = openRouting(options.mounts);

  async function callerOf(
    { declaration }: Route<Caller>,
    { request, peer, address }: Passage,
  ): Promise<Outcome<Caller | undefined>> {
    const authorization = request.headers.get("authorization");
    // A token that was sent is always looked at: nobody should take a bad one for a good one.
    if (declaration.authentication === "bearer-or-local" && authorization === null && options.isLocal(request, peer))
      return { ok: true, value: undefined };
    const presented = bearerToken(authorization);
    if (!presented.ok) return presented;
    return options.authenticate(new Secret(presented.value), address);
  }

  const mayAsk = ({ scope, tenant }: Route<Caller>["declaration"], caller: Caller): boolean =>
    scope !== null && options.scopesOf(caller).includes(scope) && (tenant !== "instance" || options.reachesAll(caller));

  /** Why the caller is not served now; undefined where it is. */
  function count(passage: Passage, caller: Caller): Refusal | undefined {
    const { headers, retryAfter } = options.count(caller, passage.started);
    passage.told = headers;
    return retryAfter === undefined ? undefined : { ...refused("too_many_requests"), retryAfter };
  }

  async function deliver(
    mount: Mount<Caller>,
    route: Route<Caller>,
    passage: Passage,
    params: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const { request, requestId, address } = passage;
    const { declaration, handle } = route;
    const refuse = (refusal: Refusal, errors?: ProblemDetails["errors"]): Response => {
      options.onRefused(refusal, { requestId, route: passage.route ?? declaration.path, address });
      return mount.refuse(refusal.code, {
        requestId,
        detail: refusal.detail,
        ...(errors === undefined ? {} : { errors }),
        headers: { ...passage.told, ...headersOf(requestId, refusal), ...challengeFor(refusal, declaration.scope) },
      });
    };

    const caller = declaration.scope === null ? nobody : await callerOf(route, passage);
    if (!caller.ok) return refuse(caller);
    if (caller.value !== undefined) {
      const spent = count(passage, caller.value);
      if (spent !== undefined) return refuse(spent);
      if (!mayAsk(declaration, caller.value)) return refuse(refused("insufficient_scope"));
    }
    if (declaration.rate === "write" && caller.value !== undefined) {
      const retryAfter = options.spend(caller.value, declaration.shed, passage.started);
      if (retryAfter !== undefined) return refuse({ ...refused("too_many_changes"), retryAfter });
    }
    const bytes = declaration.body === "none" ? undefined : await readBody(request, options.maxBody);
    if (bytes !== undefined && !bytes.ok) return refuse(bytes);
    const input = readInput(declaration, {
      bytes: bytes?.value,
      search: passage.search,
      params,
      headers: request.headers,
    });
    if (!input.ok) return refuse(input.refusal, input.errors);
    options.gate.begin();
    try {
      const answer = await handle({
        ...input.value,
        caller: caller.value as never,
        headers: request.headers,
        from: { address, requestId },
        asker: () => request.signal,
        count: (found) => count(passage, found),
      });
      if ("ok" in answer) return refuse(answer);
      return respond(declaration, { ...answer, headers: { ...passage.told, ...answer.headers } }, requestId);
    } finally {
      options.gate.end();
    }
  }

  /** A fault that was thrown on the way, as an answer. */
  function answerTo(fault: unknown, mount: Mount<Caller>, { request, requestId, told }: Passage): Response {
    const outage = options.isUnavailable(fault);
    // Nobody is left to answer, and nothing has failed.
    if (!(outage && request.signal.aborted)) options.onFault(fault, requestId);
    const code = outage ? "temporarily_unavailable" : "internal_error";
    return mount.refuse(code, { requestId, headers: { ...told, ...headersOf(requestId, { code }) } });
  }

  /** Nothing of the request has been looked at but its path. */
  const shed = (mount: Mount<Caller>, { requestId }: Passage): Response =>
    mount.refuse("overloaded", {
      requestId,
      headers: headersOf(requestId, { code: "overloaded", retryAfter: options.gate.retryAfter() }),
    });

  /** Who words the refusal of a request that reached no route: the mount that the path seems to be of. */
  const refuserOf = (pathname: string): Refuse => {
    const named = options.mounts.find(({ prefix }) => prefix !== "" && pathname.startsWith(`${prefix}/`));
    return (named ?? options.mounts.find(({ prefix }) => prefix === ""))?.refuse ?? problem;
  };

  const notAllowed = ({ mount, routes }: Place<Caller>, { requestId }: Passage): Response =>
    mount.refuse("method_not_allowed", {
      requestId,
      headers: { allow: [...routes.keys()].join(", "), "x-request-id": requestId },
    });

  async function reply(passage: Passage): Promise<Response> {
    const { request, pathname, requestId, started } = passage;
    const found = placeOf(pathname);
    if (found === undefined)
      return refuserOf(pathname)("not_found", { requestId, headers: { "x-request-id": requestId } });
    const { place, params } = found;
    passage.route = place.path;
    const route = place.routes.get(request.method);
    if (route === undefined) return notAllowed(place, passage);
    const { rate, shed: shedClass } = route.declaration;
    passage.rate = rate;
    try {
      if (!options.gate.admits(shedClass, started)) return shed(place.mount, passage);
      return await deliver(place.mount, route, passage, params);
    } catch (fault) {
      return answerTo(fault, place.mount, passage);
    }
  }

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
      finish({ requestId, address, started, route: null, rate: null }, request, response);
      return response;
    }
    const passage: Passage = {
      request,
      pathname: edge.pathname,
      search: edge.search,
      requestId,
      address,
      peer,
      started,
      route: null,
      rate: null,
      told: {},
    };
    const response = await reply(passage);
    finish(passage, request, response);
    // RFC 9110 section 9.3.2: the same head, and no body.
    return request.method === "HEAD" ? new Response(null, response) : response;
  };

  function finish(
    passage: Pick<Passage, "requestId" | "address" | "started" | "route" | "rate">,
    { method }: Request,
    { status }: Response,
  ): void {
    const { requestId, address, started, route, rate } = passage;
    const milliseconds = options.monotonic() - started;
    options.meter.answered(route, method, status, rate, milliseconds);
    options.log({ requestId, method, route, status, address, milliseconds });
  }
}
