/** What the answers of Jeton's own API have in common: times in ISO 8601, members that may be null, lists in pages. */
import { NotUnderstood } from "../faults.ts";
import type { Transport } from "../transport.ts";
import { members, said, text, type Said } from "./door.ts";
import { problem } from "./native.ts";

export type Members = ReturnType<typeof members>;

/** Seconds since 1970-01-01 UTC. */
export function time(from: Members, name: string): number {
  const millis = Date.parse(text(from, name));
  if (Number.isNaN(millis)) throw new NotUnderstood(`its answer has no ${name} that is a time`);
  return millis / 1000;
}

export const orNull = <T>(from: Members, name: string, read: (from: Members, name: string) => T): T | null =>
  (from[name] ?? null) === null ? null : read(from, name);

export function texts(from: Members, name: string): readonly string[] {
  const list = from[name];
  if (!Array.isArray(list)) throw new NotUnderstood(`its answer has no list of ${name}`);
  return list.filter((item) => typeof item === "string");
}

export function whole(from: Members, name: string): number {
  const value = from[name];
  if (typeof value !== "number") throw new NotUnderstood(`its answer has no ${name} that is a number`);
  return value;
}

export function itemsOf(body: unknown): readonly unknown[] {
  const { items } = members(body);
  if (!Array.isArray(items)) throw new NotUnderstood("its answer has no items");
  return items as readonly unknown[];
}

/** The most that the server gives at once. */
const itemsOnPage = "200";
/** A server that has always one more page is none. */
const mostPages = 1000;

export interface Listing<T> {
  readonly transport: Transport;
  readonly url: URL;
  readonly token: string;
  readonly read: (item: unknown) => T;
}

/** All that there are, in the server's order. */
export async function allPages<T>({ transport, url: first, token, read }: Listing<T>): Promise<Said<readonly T[]>> {
  const found: T[] = [];
  const url = new URL(first);
  url.searchParams.set("limit", itemsOnPage);
  for (let page = 0; page < mostPages; page += 1) {
    const answer = await transport({ method: "GET", url, token });
    if (answer.status !== 200) return problem(answer);
    found.push(...itemsOf(answer.body).map(read));
    const { next_cursor: next } = members(answer.body);
    if (typeof next !== "string") return said(found);
    url.searchParams.set("cursor", next);
  }
  throw new NotUnderstood("its list has no end");
}

/** Where a subject's credentials are: one's own, or those of an application that one looks after. */
export const placeOf = (server: string, application: string | undefined): string =>
  `${server}/api/v1${application === undefined ? "" : `/applications/${encodeURIComponent(application)}`}`;
