/** How a sign-in stands: what the file says, and what the server says about it. For `status` and `profiles`. */
import type { Person } from "../../packages/client/src/doors/door.ts";
import { unverifiedClaims } from "../../packages/client/src/jwt.ts";
import { readTokens } from "../../packages/client/src/token-file.ts";
import type { Client } from "./client.ts";
import type { Complaint } from "./complaint.ts";
import { complaintOf, refusal } from "./complaint-of.ts";
import { liveToken, signInCommand, signInNeeded } from "./live-token.ts";
import type { Target } from "./target.ts";

export interface Standing {
  readonly target: Target;
  readonly source: "file" | "env:JETON_TOKEN";
  /** Seconds since 1970; undefined where there is no such token, or it does not say. */
  readonly accessEnd: number | undefined;
  readonly refreshEnd: number | undefined;
  /** Why this sign-in is of no use now. */
  readonly trouble: Complaint | undefined;
  /** Who the server says it is; undefined where it was not asked. */
  readonly person: Person | undefined;
}

interface Ends {
  readonly accessEnd: number | undefined;
  readonly refreshEnd: number | undefined;
}

const end = (token: string | undefined): number | undefined =>
  token === undefined ? undefined : unverifiedClaims(token)?.exp;

/** What this machine knows. */
function local(target: Target, now: number): Ends & { readonly trouble: Complaint | undefined } {
  const none = { accessEnd: undefined, refreshEnd: undefined };
  if (target.token !== undefined) {
    const accessEnd = end(target.token);
    const over = accessEnd !== undefined && accessEnd <= now;
    return {
      accessEnd,
      refreshEnd: undefined,
      trouble: over ? signInNeeded(target, "the token in JETON_TOKEN has expired") : undefined,
    };
  }
  const tokens = target.stored ? readTokens(target.tokenFile) : undefined;
  if (tokens === undefined) return { ...none, trouble: signInNeeded(target) };
  const refreshEnd = end(tokens.refresh_token);
  const over = refreshEnd !== undefined && refreshEnd <= now;
  return {
    accessEnd: end(tokens.access_token),
    refreshEnd,
    trouble: over ? signInNeeded(target, "the refresh token has expired") : undefined,
  };
}

/** Whatever is foreseen is part of how it stands. */
async function foreseen<T>(server: string, work: () => T | Promise<T>): Promise<T | Complaint> {
  try {
    return await work();
  } catch (fault) {
    const complaint = complaintOf(fault, server);
    if (complaint === undefined) throw fault;
    return complaint;
  }
}

async function askServer(client: Client, target: Target): Promise<Person> {
  const { accessToken } = await liveToken(client, target);
  const answer = await (await client.openDoor(target)).whoAmI(accessToken);
  if (answer.ok) return answer.value;
  throw refusal(
    `${target.server} does not accept your sign-in`,
    answer,
    answer.status === 401 ? signInCommand(target) : undefined,
  );
}

const isComplaint = (value: object): value is Complaint => value instanceof Error;

export async function standingOf(client: Client, target: Target, { offline }: { offline: boolean }): Promise<Standing> {
  const source = target.token === undefined ? "file" : "env:JETON_TOKEN";
  const look = (): Promise<ReturnType<typeof local> | Complaint> =>
    foreseen(target.server, () => local(target, client.now()));
  const known = { target, source, accessEnd: undefined, refreshEnd: undefined, person: undefined } as const;
  const before = await look();
  if (isComplaint(before)) return { ...known, trouble: before };
  if (offline || before.trouble !== undefined) return { ...known, ...before };
  const person = await foreseen(target.server, () => askServer(client, target));
  if (isComplaint(person)) return { ...known, ...before, trouble: person };
  // It may have been renewed on the way.
  const after = await look();
  return isComplaint(after) ? { ...known, trouble: after } : { ...known, ...after, person };
}
