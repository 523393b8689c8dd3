/** The doors of an instance: which routes are where, for whom, and what they share. */
import { apiTokensRoutes } from "../api/api-tokens.ts";
import { applicationsRoutes } from "../api/applications.ts";
import { authKeysRoutes } from "../api/auth-keys.ts";
import type { NativeRoute } from "../api/declare.ts";
import { loginRoutes } from "../api/login.ts";
import { healthRoutes } from "../api/health.ts";
import { journalRoutes } from "../api/journal.ts";
import { leakedRoutes } from "../api/leaked.ts";
import { keySetRoutes } from "../api/key-set.ts";
import { meRoutes } from "../api/me.ts";
import { organisationsRoutes } from "../api/organisations.ts";
import { passwordRoutes } from "../api/password.ts";
import { metricsRoutes } from "../api/metrics.ts";
import { referenceRoutes } from "../api/reference.ts";
import { refusalsRoutes } from "../api/refusals.ts";
import { refreshRoutes } from "../api/refresh.ts";
import { revokeTokensRoutes } from "../api/revoke-tokens.ts";
import { rolesRoutes } from "../api/roles.ts";
import { secretLoginRoutes } from "../api/secret-login.ts";
import { sessionsRoutes } from "../api/sessions.ts";
import { signedLoginRoutes } from "../api/signed-login.ts";
import { usersRoutes } from "../api/users.ts";
import type { Config } from "../config.ts";
import { authorityOf } from "../core/authority.ts";
import { dialectNames, type DialectName } from "../core/dialect-names.ts";
import { clientId } from "../core/ids.ts";
import { rootOrganisation } from "../core/root.ts";
import { settlePolicy, type SessionPolicy } from "../core/policy.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { dialects } from "../dialects/index.ts";
import { allowances, requestQuotas } from "../engine/allowances.ts";
import type { ClientProfile } from "../engine/client-profile.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { throttle } from "../engine/throttle.ts";
import type { Principal } from "../engine/introspect.ts";
import { StoreUnavailable } from "../core/faults.ts";
import type { Chance, Clock, Passwords, Store } from "../engine/ports.ts";
import type { RefreshAlarm } from "../engine/refresh.ts";
import { createApp, type AppOptions } from "../http/app.ts";
import type { Mount } from "../http/routing.ts";
import { isFromThisMachine } from "../http/local.ts";
import { canonicalNetworks, withinNetworks } from "../http/networks.ts";
import { clientAddress, throttleKey, trustNobody, trustProxies } from "../http/peer.ts";
import { problem } from "../http/problem.ts";
import { rateLimitHeaders } from "../http/rate-limit.ts";
import { recentRefusals } from "../http/recent-refusals.ts";
import type { Handler } from "../http/serve.ts";
import { authKeys } from "../keys/auth-keys.ts";
import { jwksMaxAge } from "../keys/keyring.ts";
import type { AlertKeys } from "../keys/alert-keys.ts";
import type { TokenKeys } from "../keys/token-keys.ts";
import type { Log } from "./log.ts";
import type { Meters } from "./meters.ts";
import type { Vitals } from "./vitals.ts";

export interface DoorsDeps {
  readonly config: Config;
  readonly store: Store;
  readonly keys: TokenKeys;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly version: string;
  /** The instance's issuer. */
  readonly issuer: string;
  /** Open dialects by name, each with the URL of its own listener if it has one. */
  readonly open: ReadonlyMap<DialectName, { readonly listener: string | undefined }>;
  readonly vitals: Vitals;
  /** Of a secret scanner, if it tells us of leaked tokens. */
  readonly alertKeys?: AlertKeys | undefined;
}

export interface Doors {
  readonly engine: Engine;
  /** The main listener: native API, and each open dialect under its prefix. */
  readonly main: Handler;
  /** For listeners of their own: a dialect at the root. */
  readonly dialect: (name: DialectName) => Handler;
  /** A dialect that is not one of ours; its client has to be registered. */
  readonly mount: (dialect: Dialect, place: DialectPlace) => Handler;
}

/** Where a dialect is, and for whom. */
export interface DialectPlace {
  /** Empty, or `/` and a name. */
  readonly prefix: string;
  readonly issuer: string;
  readonly organisation: string;
  readonly policy: SessionPolicy;
}

const nativeClient = clientId("native");

/** Looks at whether a new key can be broken, of one subject in a minute. */
const keyChecks = 20;

/** Every client that a door of this server stands for. */
const doorClients = [nativeClient, ...dialectNames.map(clientId)];

const alarms = {
  refresh_reuse: "a refresh token was used again after its retry window; its session was ended",
  database_went_back:
    "a refresh token is newer than the database: the data folder was copied or rolled back. Its session was ended. Do: stop every copy but one, and have everybody sign in again",
} as const;

export async function openDoors(deps: DoorsDeps): Promise<Doors> {
  const { config, store, keys, clock, log, issuer, open, vitals } = deps;
  const { meters } = vitals;
  await store.registerClients({ ids: doorClients, now: clock.now() });
  const issuers = dialectIssuers(deps);
  const changes = allowances(config["limits.changes"]);
  const requests = requestQuotas(config["api_tokens.requests"]);
  const engine = createEngine({
    ...deps,
    tokens: keys,
    issuers: new Set([issuer, ...issuers.values()]),
    store: countingEndings(store, meters),
    // A key of that size takes as long as thirty others; only SeTA has clients with such.
    authKeys: authKeys({ maxRsaBits: open.has("seta") ? 8192 : 4096 }),
    keyLimits: { cap: config["auth_keys.cap"], messages: config["auth_keys.messages"] },
    applicationCap: config["applications.cap"],
    passwords: timingChecks(deps.passwords, clock, meters),
    meter: meters,
    ensureKeys: keys.ensure,
    throttle: throttle({
      free: config["throttle.free"],
      longest: config["throttle.longest"],
      networkBurst: config["throttle.network_burst"],
      networkRefill: config["throttle.network_refill"],
    }),
    networkOf: throttleKey,
    spendChange: changes,
    spendKeyCheck: allowances(keyChecks),
    isWithin: withinNetworks(),
    canonicalNetworks,
    apiTokens: {
      usual: config["api_tokens.usual"],
      longest: config["api_tokens.longest"],
      endless: config["api_tokens.endless"],
      cap: config["api_tokens.cap"],
      requests: config["api_tokens.requests"],
      minting: { local: config["sources.local.mint"] },
    },
    onThrottled: (event, from) => {
      if (event.kind !== "lock_out") return;
      const { address, requestId } = from;
      // Of a name that is nobody's there is no end, so those are logged and not journalled.
      if (event.subject !== undefined) {
        store.note({ kind: "lock_out", subject: event.subject, from, now: clock.now() }).catch((fault: unknown) => {
          log.fault("a lock-out could not be journalled", fault, { request_id: requestId });
        });
      }
      log.warn("too many wrong passwords: for a while, none of this account is looked at", {
        event: event.kind,
        subject: event.subject,
        seconds: event.wait,
        address,
        request_id: requestId,
      });
    },
    onRehashFault: (fault, subject) =>
      log.fault("a password hash could not be made anew; the next sign-in tries again", fault, { subject }),
    alarm: ({ kind, session }: RefreshAlarm) => {
      meters.alarmed(kind);
      log.warn(alarms[kind], { event: kind, session: session.id, subject: session.subject });
    },
  });

  const keySet = keySetRoutes({
    current: () => keys.publicKeySet(clock.now()),
    maxAge: jwksMaxAge,
  });
  const refusals = recentRefusals();
  const native: ClientProfile = { client: nativeClient, issuer, policy: nativePolicyOf(config), claims: () => ({}) };
  const documented = [
    ...loginRoutes(engine, native, rootOrganisation),
    ...signedLoginRoutes(engine, native, rootOrganisation),
    ...secretLoginRoutes(engine, native),
    ...refreshRoutes(engine, native),
    ...meRoutes(engine),
    ...passwordRoutes(engine, native),
    ...authKeysRoutes(engine),
    ...applicationsRoutes(engine),
    ...apiTokensRoutes(engine),
    ...leakedRoutes(engine),
    ...(await alertRoutes(engine, deps.alertKeys)),
    ...sessionsRoutes(engine),
    ...revokeTokensRoutes(engine, native),
    ...usersRoutes(engine),
    ...rolesRoutes(),
    ...organisationsRoutes(engine),
    ...journalRoutes(engine),
    ...refusalsRoutes(refusals, clock.now),
    ...keySet,
    ...healthRoutes(vitals.heart.unready),
    ...metricsRoutes(vitals.metrics),
  ];
  const reference = referenceRoutes(async () => {
    const { openApiText } = await import("../http/openapi.ts");
    return openApiText(
      [...documented, ...reference].map(({ declaration }) => declaration),
      { title: "Jeton", version: deps.version, server: issuer },
    );
  });

  const mountOf = (dialect: Dialect, { prefix, issuer: own, ...of }: DialectPlace): Mount<Principal> => {
    const profile = { client: clientId(dialect.name), issuer: own, policy: of.policy, claims: dialect.claims };
    const routes = dialect.routes({ engine, profile, organisation: of.organisation });
    return { prefix, routes: [...routes, ...keySet], refuse: dialect.refuse };
  };
  const placeOf = (dialect: Dialect, name: DialectName, prefix: string): DialectPlace => ({
    prefix,
    issuer: issuers.get(name)!,
    organisation: config.dialects[name].organisation,
    policy: dialectPolicyOf(config, name, dialect.policy),
  });

  const proxies = trustProxies(config.trusted_proxies);
  // Where a proxy is known of, everybody may come from this machine's own address. An issuer with TLS tells of one too,
  // unless it is the very address where we speak TLS ourselves: a name that somebody set may be the proxy's.
  const isOwnAddress = config.issuer === null && config["tls.certificate"] !== null;
  const isBehindProxy = proxies !== trustNobody || (issuer.startsWith("https:") && !isOwnAddress);
  const shared: Omit<AppOptions<Principal>, "mounts"> = {
    authenticate: engine.authenticate,
    count: ({ by }, now) => {
      if (by.kind !== "api-token") return { headers: {} };
      const quota = requests(by.token, now);
      const { expiresAt } = by.token;
      const end = expiresAt === null ? {} : { "token-expires": new Date(expiresAt * 1000).toISOString() };
      return { headers: { ...end, ...rateLimitHeaders(quota) }, retryAfter: quota.isSpent ? quota.more : undefined };
    },
    scopesOf: ({ scopes }) => scopes,
    addressOf: (request, peer) =>
      clientAddress(peer.address, proxies === trustNobody ? null : request.headers.get("x-forwarded-for"), proxies),
    isLocal: (request, peer) => !isBehindProxy && isFromThisMachine(request, peer),
    gate: vitals.gate,
    meter: meters,
    // A token that leaked must not use up what its owner needs to end it, nor a stolen session what ends the session.
    spend: ({ holder: { subject }, by }, shed, now) => {
      const who = by.kind === "session" ? subject : `tokens of ${subject}`;
      return changes(shed === "revoke" ? `endings by ${who}` : who, now);
    },
    reachesAll: ({ holder }) => authorityOf(holder).organisation === null,
    onRefused: ({ code, why = null, session = null }, { requestId, route, address }) =>
      refusals.add({ at: clock.now(), requestId, route, code, why, session, address }),
    newRequestId: requestIds(deps.chance),
    monotonic: clock.monotonic,
    log: log.access,
    onFault: (fault, requestId) => {
      if (fault instanceof StoreUnavailable)
        log.warn("the store could not answer", { reason: fault.message, request_id: requestId });
      else log.fault("a request failed", fault, { request_id: requestId });
    },
    isUnavailable: (fault) => fault instanceof StoreUnavailable,
    maxBody: config["limits.body"],
  };
  const opened = [...open.keys()].map((name) => ({ name, dialect: dialects[name] }));
  return {
    engine,
    main: createApp({
      ...shared,
      mounts: [
        { prefix: "", routes: [...documented, ...reference], refuse: problem },
        ...opened.map(({ name, dialect }) => mountOf(dialect, placeOf(dialect, name, `/${name}`))),
      ],
    }),
    dialect: (name) => createApp({ ...shared, mounts: [mountOf(dialects[name], placeOf(dialects[name], name, ""))] }),
    mount: (dialect, place) => createApp({ ...shared, mounts: [mountOf(dialect, place)] }),
  };
}

/** Loaded only where a secret scanner is known of. */
async function alertRoutes(engine: Engine, keys: AlertKeys | undefined): Promise<readonly NativeRoute[]> {
  if (keys === undefined) return [];
  const { leakedAlertRoutes } = await import("../api/leaked-alert.ts");
  return leakedAlertRoutes(engine, keys);
}

/** What the tokens of each open dialect name as their issuer. */
function dialectIssuers({ config, open, issuer }: DoorsDeps): ReadonlyMap<DialectName, string> {
  return new Map(
    [...open].map(([name, { listener }]) => {
      const own = dialects[name].issuer === "own" ? (listener ?? `${issuer}/${name}`) : issuer;
      return [name, config.dialects[name].url ?? own];
    }),
  );
}

const countingEndings = (store: Store, { sessionEnded }: Meters): Store => ({
  ...store,
  endSession: async (intent) => {
    const ended = await store.endSession(intent);
    if (ended.kind === "ended") sessionEnded();
    return ended;
  },
});

/** The wait for a turn is part of the time; a check that was not made is none. */
const timingChecks = (passwords: Passwords, { monotonic }: Clock, { hashed }: Meters): Passwords => ({
  ...passwords,
  verify: async (...asked) => {
    const began = monotonic();
    const good = await passwords.verify(...asked);
    if (good !== undefined) hashed(monotonic() - began);
    return good;
  },
});

const nativePolicyOf = (config: Config): SessionPolicy =>
  settlePolicy({
    access: config["sessions.access"],
    idle: config["sessions.idle"],
    absolute: config["sessions.absolute"],
    onRefresh: "rotate",
    retryWindow: config["sessions.retry_window"],
    sessionCap: config["sessions.cap"],
  });

function dialectPolicyOf({ dialects: settings, ...config }: Config, name: DialectName, policy: SessionPolicy) {
  const { access, idle, absolute, on_refresh: onRefresh } = settings[name];
  return settlePolicy({
    access: access ?? policy.access,
    idle: idle ?? policy.idle,
    absolute: absolute ?? policy.absolute,
    onRefresh: onRefresh ?? policy.onRefresh,
    retryWindow: config["sessions.retry_window"],
    sessionCap: config["sessions.cap"],
  });
}

/** Ids that tell the requests of a log apart: this start, and a number. They are no secret and open nothing. */
function requestIds(chance: Chance): () => string {
  const start = Buffer.from(chance(4)).toString("hex");
  let number = 0;
  return () => `${start}-${(number++).toString(36)}`;
}
