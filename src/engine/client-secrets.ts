/** Client secrets of applications: made, listed and ended by whoever looks after the application (decision 0023). */
import { secretsAtOnce, type ClientSecretRecord } from "../core/client-secret.ts";
import { idEntropy, newId, type ClientSecretId, type SubjectId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import { after, type Seconds } from "../core/units.ts";
import { findApplication, type ApplicationsDeps } from "./applications.ts";
import type { Circumstances } from "./circumstances.ts";
import { refusalOf } from "./done.ts";
import { on, onSession, type Principal } from "./introspect.ts";
import type { Chance, Clock, Store, Tokens } from "./ports.ts";
import { recentSession } from "./recent-session.ts";

export interface ClientSecretsDeps {
  readonly store: ApplicationsDeps["store"] & Pick<Store, "listClientSecrets" | "addClientSecret" | "endClientSecret">;
  readonly tokens: Pick<Tokens, "makeClientSecret">;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** The one time that a secret is shown. */
export interface MadeClientSecret {
  readonly record: ClientSecretRecord;
  readonly text: Secret;
}

/** Refuses with `reauthentication_needed`, `not_found` or `too_many`. */
export async function addClientSecret(
  deps: ClientSecretsDeps,
  caller: Principal,
  wish: {
    readonly application: SubjectId;
    readonly name: string;
    /** Undefined: it has no end. */
    readonly expiresIn: Seconds | undefined;
  },
  from: Circumstances,
): Promise<Outcome<MadeClientSecret>> {
  const { store, tokens, clock, chance } = deps;
  const now = clock.now();
  const session = recentSession(caller, now);
  if (session === undefined) return refused("reauthentication_needed");
  const found = await findApplication(deps, caller, wish.application, "write");
  if (!found.ok) return found;
  const id = newId<ClientSecretId>(clock.millis(), chance(idEntropy));
  const { text, secretHash } = tokens.makeClientSecret(id, chance(32));
  const done = await store.addClientSecret({
    id,
    subject: wish.application,
    name: wish.name,
    secretHash,
    expiresAt: wish.expiresIn === undefined ? null : after(now, wish.expiresIn),
    most: secretsAtOnce,
    by: onSession(session, from),
    now,
  });
  if (done.kind === "done") return granted({ record: done.secret, text: new Secret(text) });
  return done.kind === "too-many"
    ? refused(
        "too_many",
        `An application has ${secretsAtOnce} secrets at a time. End the one that nobody uses any more.`,
      )
    : refusalOf(done.kind);
}

/** Newest first. Refuses with `not_found`. */
export async function listClientSecrets(
  deps: Pick<ClientSecretsDeps, "store" | "clock">,
  caller: Principal,
  application: SubjectId,
): Promise<Outcome<readonly ClientSecretRecord[]>> {
  const found = await findApplication(deps, caller, application, "read");
  return found.ok ? granted(await deps.store.listClientSecrets(application, deps.clock.now())) : found;
}

/** Refuses with `not_found`. The sessions that it opened end with it. */
export async function endClientSecret(
  { store, clock }: Pick<ClientSecretsDeps, "store" | "clock">,
  caller: Principal,
  { id, application }: { readonly id: ClientSecretId; readonly application: SubjectId },
  from: Circumstances,
): Promise<Outcome<true>> {
  const done = await store.endClientSecret({ id, subject: application, by: on(caller, from), now: clock.now() });
  return done.kind === "done" ? granted(true) : refusalOf(done.kind);
}
