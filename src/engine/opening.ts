/** What a new session of a subject is opened with, the same for a sign-in and for a session that outlives its siblings. */
import { idEntropy, newId, type SessionId } from "../core/ids.ts";
import type { Instance, SessionRow } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import type { Chance, Clock, OpenSession, Tokens } from "./ports.ts";

export interface OpeningDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly tokens: Pick<Tokens, "refreshKid">;
}

interface Wish extends Pick<SessionRow, "subject" | "authTime" | "amr"> {
  readonly door: ClientProfile;
  readonly from: Circumstances;
  /** As it was read together with what was checked. */
  readonly instance: Instance;
  readonly now: Seconds;
}

export const opening = (
  { clock, chance, tokens }: OpeningDeps,
  { subject, authTime, amr, door, from, instance, now }: Wish,
): OpenSession => ({
  id: newId<SessionId>(clock.millis(), chance(idEntropy)),
  subject,
  client: door.client,
  policy: door.policy,
  salt: chance(16),
  kid: tokens.refreshKid(),
  born: instance.counter,
  epoch: instance.epoch,
  authTime,
  amr,
  from,
  now,
});
