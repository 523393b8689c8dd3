/** The engine: every use case with what it needs of the world bound to it. Doors talk to this and to nothing else. */
import type { AccessClaims } from "../core/claims.ts";
import type { SessionId } from "../core/ids.ts";
import type { Outcome } from "../core/result.ts";
import type { Secret } from "../core/secret.ts";
import type { SessionRow } from "../core/session.ts";
import type { Circumstances } from "./circumstances.ts";
import { keepHouse } from "./housekeeping.ts";
import { authenticate, readExpired, type Principal } from "./introspect.ts";
import type { TokenPair } from "./issue.ts";
import type { Chance, Clock, Passwords, Profile, Store, Tokens } from "./ports.ts";
import { refresh, type RefreshAlarm, type RefreshOutcome, type RefreshRequest } from "./refresh.ts";
import { ownProfile } from "./profile.ts";
import { endOwnSession, logout, type Receipt } from "./revoke.ts";
import { ownSessions, type Page, type PageRequest } from "./sessions.ts";
import { signIn, type PasswordSignIn } from "./sign-in.ts";
import type { ClientProfile } from "./client-profile.ts";
import type { Seconds } from "../core/units.ts";

export interface EngineDeps {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly issuer: string;
  /** The instance's issuer and those of its dialects. */
  readonly issuers: ReadonlySet<string>;
  readonly ensureKeys: (now: Seconds) => Promise<void>;
  readonly alarm: (alarm: RefreshAlarm) => void;
}

export interface Engine {
  readonly signIn: (asked: PasswordSignIn) => Promise<Outcome<TokenPair>>;
  readonly refresh: (asked: RefreshRequest) => Promise<RefreshOutcome>;
  readonly logout: (asked: { refreshToken: Secret; door: ClientProfile; from: Circumstances }) => Promise<void>;
  readonly authenticate: (accessToken: Secret) => Promise<Outcome<Principal>>;
  readonly readExpired: (accessToken: Secret) => AccessClaims | undefined;
  /** Which session a refresh token says that it is of; proves nothing. */
  readonly refreshSubject: (refreshToken: Secret) => SessionId | undefined;
  readonly ownSessions: (caller: Principal, page: PageRequest) => Promise<Outcome<Page<SessionRow>>>;
  readonly ownProfile: (caller: Principal) => Promise<Outcome<Profile>>;
  readonly endOwnSession: (caller: Principal, id: SessionId) => Promise<Outcome<Receipt>>;
  readonly keepHouse: () => Promise<number>;
}

export function createEngine(deps: EngineDeps): Engine {
  return {
    signIn: (asked) => signIn(deps, asked),
    refresh: (asked) => refresh(deps, asked),
    logout: (asked) => logout(deps, asked),
    authenticate: (accessToken) => authenticate(deps, accessToken),
    readExpired: (accessToken) => readExpired(deps, accessToken),
    refreshSubject: (refreshToken) => deps.tokens.readRefresh(refreshToken.reveal())?.sid,
    ownSessions: (caller, page) => ownSessions(deps, caller, page),
    ownProfile: (caller) => ownProfile(deps, caller),
    endOwnSession: (caller, id) => endOwnSession(deps, caller, id),
    keepHouse: () => keepHouse(deps),
  };
}
