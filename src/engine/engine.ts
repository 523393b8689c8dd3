/** The engine: every use case with what it needs of the world bound to it. Doors talk to this and to nothing else. */
import type { AuthKeyLimits } from "../core/auth-key.ts";
import type { AccessClaims } from "../core/claims.ts";
import type { SessionId } from "../core/ids.ts";
import { refusalEntry } from "../core/refusals.ts";
import type { Outcome } from "../core/result.ts";
import type { Secret } from "../core/secret.ts";
import type { Circumstances } from "./circumstances.ts";
import { authenticateOrRefresh } from "./authenticate-or-refresh.ts";
import {
  endApiToken,
  listApiTokens,
  mintApiToken,
  ownApiToken,
  renameApiToken,
  rotateApiToken,
  type ApiTokensDeps,
} from "./api-tokens.ts";
import {
  createApplication,
  changeApplication,
  findApplication,
  listApplications,
  setApplicationStatus,
  type ApplicationsDeps,
} from "./applications.ts";
import {
  addAuthKey,
  challengeAuthKey,
  endAuthKey,
  findAuthKey,
  listAuthKeys,
  renameAuthKey,
  type AuthKeysDeps,
} from "./auth-keys.ts";
import { addClientSecret, endClientSecret, listClientSecrets } from "./client-secrets.ts";
import { keepHouse } from "./housekeeping.ts";
import { endLeaked } from "./leaked.ts";
import type { Meter, SignInResult } from "./meter.ts";
import { authenticate, readExpired, type IntrospectDeps, type Principal } from "./introspect.ts";
import type { TokenPair } from "./issue.ts";
import { answerChallenge, issueChallenge } from "./login-challenge.ts";
import type { AuthKeys, Chance, Clock, Passwords, Profile, Store, Tokens } from "./ports.ts";
import { isRefreshOf, refresh, type RefreshAlarm, type RefreshOutcome, type RefreshRequest } from "./refresh.ts";
import {
  changeOrganisation,
  changeSubject,
  createOrganisation,
  createUser,
  setOrganisationStatus,
  setSubjectStatus,
} from "./administration.ts";
import { findOrganisation, findSubject, listOrganisations, listSubjects, readJournal } from "./directory.ts";
import { changePassword, issuePasswordReset, resetPassword, type PasswordChangeDeps } from "./password-change.ts";
import { ownProfile } from "./profile.ts";
import { provePassword } from "./prove-password.ts";
import { revokeTokens } from "./revoke-tokens.ts";
import { signInBySecret } from "./secret-login.ts";
import { endSession, logout, logoutByAccess, type Receipt } from "./revoke.ts";
import { listSessions } from "./sessions.ts";
import type { SignInAttemptDeps } from "./sign-in-attempt.ts";
import { signIn, testPassword, type PasswordSignIn, type PasswordTest, type SignInDeps } from "./sign-in.ts";
import { signedLogin, type SignedLoginDeps } from "./signed-login.ts";
import { tokenUses } from "./token-uses.ts";
import type { ClientProfile } from "./client-profile.ts";
import type { Seconds } from "../core/units.ts";

export interface EngineDeps
  extends
    SignInAttemptDeps,
    Pick<SignInDeps, "onRehashFault">,
    Pick<SignedLoginDeps, "spendChange">,
    Pick<IntrospectDeps, "isWithin">,
    Pick<ApiTokensDeps, "apiTokens" | "canonicalNetworks">,
    Pick<ApplicationsDeps, "applicationCap">,
    Pick<AuthKeysDeps, "spendKeyCheck"> {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  readonly authKeys: AuthKeys;
  readonly keyLimits: AuthKeyLimits;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly issuer: string;
  /** The instance's issuer and those of its dialects. */
  readonly issuers: ReadonlySet<string>;
  readonly ensureKeys: (now: Seconds) => Promise<void>;
  readonly alarm: (alarm: RefreshAlarm) => void;
  readonly meter: Meter;
}

/** Under what a sign-in is counted. */
function signInResult(outcome: Outcome<unknown>): SignInResult {
  if (outcome.ok) return "granted";
  switch (refusalEntry(outcome.code).status) {
    case 429:
      return "throttled";
    case 503:
      return "busy";
    default:
      return "refused";
  }
}

/** A use case without its first argument, which the engine supplies. */
type Bound<UseCase> = UseCase extends (deps: never, ...asked: infer Asked) => infer Answer
  ? (...asked: Asked) => Answer
  : never;

export interface Engine {
  readonly signIn: (asked: PasswordSignIn) => Promise<Outcome<TokenPair>>;
  readonly testPassword: (asked: PasswordTest) => Promise<Outcome<true>>;
  readonly signedLogin: Bound<typeof signedLogin>;
  readonly issueChallenge: Bound<typeof issueChallenge>;
  readonly answerChallenge: Bound<typeof answerChallenge>;
  /** A signature as it came in text; undefined: it is none. */
  readonly readSignature: AuthKeys["readSignature"];
  readonly signInBySecret: Bound<typeof signInBySecret>;
  readonly challengeAuthKey: Bound<typeof challengeAuthKey>;
  readonly addAuthKey: Bound<typeof addAuthKey>;
  readonly listAuthKeys: Bound<typeof listAuthKeys>;
  readonly findAuthKey: Bound<typeof findAuthKey>;
  readonly renameAuthKey: Bound<typeof renameAuthKey>;
  readonly endAuthKey: Bound<typeof endAuthKey>;
  readonly createApplication: Bound<typeof createApplication>;
  readonly listApplications: Bound<typeof listApplications>;
  readonly findApplication: Bound<typeof findApplication>;
  readonly changeApplication: Bound<typeof changeApplication>;
  readonly setApplicationStatus: Bound<typeof setApplicationStatus>;
  readonly addClientSecret: Bound<typeof addClientSecret>;
  readonly listClientSecrets: Bound<typeof listClientSecrets>;
  readonly endClientSecret: Bound<typeof endClientSecret>;
  readonly refresh: (asked: RefreshRequest) => Promise<RefreshOutcome>;
  readonly logout: (asked: {
    refreshToken: Secret;
    door: ClientProfile;
    from: Circumstances;
  }) => Promise<Outcome<true>>;
  readonly logoutByAccess: Bound<typeof logoutByAccess>;
  readonly authenticate: Bound<typeof authenticate>;
  readonly authenticateOrRefresh: Bound<typeof authenticateOrRefresh>;
  readonly readExpired: (accessToken: Secret) => AccessClaims | undefined;
  /** Whether a refresh token says that it is of this session; proves nothing. */
  readonly isRefreshOf: (session: SessionId, refreshToken: Secret) => boolean;
  readonly ownProfile: (caller: Principal) => Promise<Outcome<Profile>>;
  readonly mintApiToken: Bound<typeof mintApiToken>;
  readonly rotateApiToken: Bound<typeof rotateApiToken>;
  readonly listApiTokens: Bound<typeof listApiTokens>;
  readonly ownApiToken: Bound<typeof ownApiToken>;
  readonly renameApiToken: Bound<typeof renameApiToken>;
  readonly endApiToken: Bound<typeof endApiToken>;
  readonly endLeaked: Bound<typeof endLeaked>;
  /** Writes down which API tokens were used; to be called now and then. */
  readonly writeTokenUses: () => Promise<void>;
  readonly endSession: (caller: Principal, id: SessionId, from: Circumstances) => Promise<Outcome<Receipt>>;
  readonly listSessions: Bound<typeof listSessions>;
  readonly revokeTokens: Bound<typeof revokeTokens>;
  readonly changePassword: Bound<typeof changePassword>;
  readonly issuePasswordReset: Bound<typeof issuePasswordReset>;
  readonly resetPassword: Bound<typeof resetPassword>;
  readonly findSubject: Bound<typeof findSubject>;
  readonly listSubjects: Bound<typeof listSubjects>;
  readonly createUser: Bound<typeof createUser>;
  readonly changeSubject: Bound<typeof changeSubject>;
  readonly setSubjectStatus: Bound<typeof setSubjectStatus>;
  readonly findOrganisation: Bound<typeof findOrganisation>;
  readonly listOrganisations: Bound<typeof listOrganisations>;
  readonly createOrganisation: Bound<typeof createOrganisation>;
  readonly changeOrganisation: Bound<typeof changeOrganisation>;
  readonly setOrganisationStatus: Bound<typeof setOrganisationStatus>;
  readonly readJournal: Bound<typeof readJournal>;
  readonly keepHouse: () => Promise<number>;
}

export function createEngine(deps: EngineDeps): Engine {
  const passwordDeps: PasswordChangeDeps = {
    ...deps,
    proveAgain: (credential, password, context) => provePassword(deps, credential, password, context),
  };
  /** A test of a password is a sign-in to whoever watches for guesses. */
  const counted =
    <Asked, Answer extends Outcome<unknown>>(attempt: (deps: EngineDeps, asked: Asked) => Promise<Answer>) =>
    async (asked: Asked): Promise<Answer> => {
      const outcome = await attempt(deps, asked);
      deps.meter.signedIn(signInResult(outcome));
      return outcome;
    };
  const uses = tokenUses(deps.store);
  const using = { ...deps, onUse: uses.used };
  return {
    signIn: counted(signIn),
    testPassword: counted(testPassword),
    signedLogin: counted(signedLogin),
    issueChallenge: (asked) => issueChallenge(deps, asked),
    answerChallenge: counted(answerChallenge),
    readSignature: deps.authKeys.readSignature,
    signInBySecret: counted(signInBySecret),
    challengeAuthKey: (...asked) => challengeAuthKey(deps, ...asked),
    addAuthKey: (...asked) => addAuthKey(deps, ...asked),
    listAuthKeys: (...asked) => listAuthKeys(deps, ...asked),
    findAuthKey: (...asked) => findAuthKey(deps, ...asked),
    renameAuthKey: (...asked) => renameAuthKey(deps, ...asked),
    endAuthKey: (...asked) => endAuthKey(deps, ...asked),
    createApplication: (...asked) => createApplication(deps, ...asked),
    listApplications: (...asked) => listApplications(deps, ...asked),
    findApplication: (...asked) => findApplication(deps, ...asked),
    changeApplication: (...asked) => changeApplication(deps, ...asked),
    setApplicationStatus: (...asked) => setApplicationStatus(deps, ...asked),
    addClientSecret: (...asked) => addClientSecret(deps, ...asked),
    listClientSecrets: (...asked) => listClientSecrets(deps, ...asked),
    endClientSecret: (...asked) => endClientSecret(deps, ...asked),
    refresh: (asked) => refresh(deps, asked),
    logout: (asked) => logout(deps, asked),
    logoutByAccess: (asked) => logoutByAccess(deps, asked),
    authenticate: (...asked) => authenticate(using, ...asked),
    authenticateOrRefresh: (asked) => authenticateOrRefresh(using, asked),
    readExpired: (accessToken) => readExpired(deps, accessToken),
    isRefreshOf: (session, refreshToken) => isRefreshOf(deps.tokens, session, refreshToken),
    ownProfile: (caller) => ownProfile(deps, caller),
    mintApiToken: (...asked) => mintApiToken(deps, ...asked),
    rotateApiToken: (...asked) => rotateApiToken(deps, ...asked),
    listApiTokens: (...asked) => listApiTokens(deps, ...asked),
    ownApiToken: (...asked) => ownApiToken(deps, ...asked),
    renameApiToken: (...asked) => renameApiToken(deps, ...asked),
    endApiToken: (...asked) => endApiToken(deps, ...asked),
    writeTokenUses: uses.write,
    endLeaked: (...asked) => endLeaked(deps, ...asked),
    endSession: (caller, id, from) => endSession(deps, caller, id, from),
    listSessions: (...asked) => listSessions(deps, ...asked),
    revokeTokens: (asked) => revokeTokens(deps, asked),
    changePassword: (asked) => changePassword(passwordDeps, asked),
    issuePasswordReset: (...asked) => issuePasswordReset(passwordDeps, ...asked),
    resetPassword: (asked) => resetPassword(passwordDeps, asked),
    findSubject: (...asked) => findSubject(deps, ...asked),
    listSubjects: (...asked) => listSubjects(deps, ...asked),
    createUser: (...asked) => createUser(deps, ...asked),
    changeSubject: (...asked) => changeSubject(deps, ...asked),
    setSubjectStatus: (...asked) => setSubjectStatus(deps, ...asked),
    findOrganisation: (...asked) => findOrganisation(deps, ...asked),
    listOrganisations: (...asked) => listOrganisations(deps, ...asked),
    createOrganisation: (...asked) => createOrganisation(deps, ...asked),
    changeOrganisation: (...asked) => changeOrganisation(deps, ...asked),
    setOrganisationStatus: (...asked) => setOrganisationStatus(deps, ...asked),
    readJournal: (...asked) => readJournal(deps, ...asked),
    keepHouse: () => keepHouse(deps),
  };
}
