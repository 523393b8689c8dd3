/** A house with two organisations and somebody of every role in each, and their tokens. */
import assert from "node:assert/strict";

import type { SubjectId } from "../../src/core/ids.ts";
import { roleNames, type Role } from "../../src/core/scope.ts";
import { add } from "../api/people.ts";
import { authority, good, type Authority, type WirePair } from "../authority.ts";

export const password = "a cellar door in the rain";

export interface Somebody {
  readonly id: SubjectId;
  readonly username: string;
  readonly tokens: WirePair;
}

export interface House {
  readonly jeton: Authority;
  /** `Root` and `Acme`, by their names. */
  readonly organisations: Readonly<Record<"Root" | "Acme", string>>;
  /** One of each role in each organisation, signed in. */
  readonly people: ReadonlyMap<string, Somebody>;
  readonly of: (organisation: "Root" | "Acme", role: Role) => Somebody;
  /** A fresh member who can be done anything to. */
  readonly victim: (organisation: "Root" | "Acme", roles?: readonly Role[]) => Promise<Somebody>;
  readonly as: (
    who: Pick<Somebody, "tokens"> | null,
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<Response>;
}

export async function house(settings?: Readonly<Record<string, unknown>>): Promise<House> {
  const jeton = await authority(settings === undefined ? {} : { settings });
  const login = async (username: string, organisation: string): Promise<WirePair> =>
    good<WirePair>(await jeton.ask("/api/v1/login", { body: { username, password, organisation } }));
  let number = 0;
  const somebody = async (username: string, organisation: string, roles: readonly Role[]): Promise<Somebody> => {
    const id = await add(jeton, { username, password, organisation, roles });
    return { id, username, tokens: await login(username, organisation) };
  };
  const people = new Map<string, Somebody>();
  for (const organisation of ["Root", "Acme"]) {
    for (const role of roleNames)
      people.set(`${organisation} ${role}`, await somebody(`${role}-one`, organisation, [role]));
  }
  const named = async (name: "Root" | "Acme"): Promise<string> => {
    const { items } = await good<{ items: { id: string; name: string }[] }>(
      await jeton.ask("/api/v1/organisations", {
        headers: { authorization: `Bearer ${people.get("Root admin")!.tokens.access_token}` },
      }),
    );
    return items.find((item) => item.name === name)!.id;
  };
  return {
    jeton,
    people,
    organisations: { Root: await named("Root"), Acme: await named("Acme") },
    of: (organisation, role) => people.get(`${organisation} ${role}`)!,
    victim: (organisation, roles = ["member"]) => somebody(`victim-${number++}`, organisation, roles),
    as: (who, method, path, body) =>
      jeton.ask(path, {
        method: method.toUpperCase(),
        ...(body === undefined ? {} : { body }),
        ...(who === null ? {} : { headers: { authorization: `Bearer ${who.tokens.access_token}` } }),
      }),
  };
}

/** The JSON of an answer that is as it should be. */
export async function answered<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text) as T;
}
