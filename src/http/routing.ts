/** From a path to what is declared there. A path without parameters is one look into a table; the others are Hono's to match. */
import { TrieRouter } from "hono/router/trie-router";

import type { RefusalCode } from "../core/refusals.ts";
import type { ProblemDetails } from "./problem.ts";
import type { Route } from "./route.ts";

/** How a door words a refusal; native doors answer problems, a dialect its product's own. */
export type Refuse = (code: RefusalCode, details: ProblemDetails) => Response;

export interface Mount<Caller> {
  /** Empty, or `/` and a name. */
  readonly prefix: string;
  readonly routes: readonly Route<Caller>[];
  readonly refuse: Refuse;
}

/** One path of one mount. */
export interface Place<Caller> {
  readonly mount: Mount<Caller>;
  /** As declared, behind the mount's prefix. */
  readonly path: string;
  /** By method; one that is not here is not allowed. */
  readonly routes: ReadonlyMap<string, Route<Caller>>;
}

interface Found<Caller> {
  readonly place: Place<Caller>;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** What Hono's router would read as a pattern. */
const notOurs = /[*{}?]/;

const noParams: Readonly<Record<string, string>> = {};

/** Answers how a pathname, percent-encoded and known to be decodable, finds its place. */
export function openRouting<Caller>(mounts: readonly Mount<Caller>[]): (pathname: string) => Found<Caller> | undefined {
  const plain = new Map<string, Found<Caller>>();
  const patterns = new TrieRouter<Place<Caller>>();
  const all = mounts.flatMap(placesOf);
  for (const place of all) {
    if (notOurs.test(place.path)) throw new Error(`${place.path}: a path has names and :parameters only`);
    if (all.some((other) => other !== place && other.path === place.path))
      throw new Error(`${place.path} is declared twice`);
    if (place.path.includes("/:")) patterns.add("ALL", place.path, place);
    else plain.set(place.path, { place, params: noParams });
  }

  return (pathname) => {
    const known = plain.get(pathname);
    if (known !== undefined) return known;
    const [first] = patterns.match("ALL", pathname)[0];
    if (first === undefined) return undefined;
    const [place, found] = first;
    const decoded = Object.entries(found).map(([name, value]) => [name, decodeURIComponent(String(value))]);
    return { place, params: Object.fromEntries(decoded) as Record<string, string> };
  };
}

function placesOf<Caller>(mount: Mount<Caller>): readonly Place<Caller>[] {
  const places = new Map<string, Map<string, Route<Caller>>>();
  for (const route of mount.routes) {
    const { method, path: declared, authentication } = route.declaration;
    const path = mount.prefix + declared;
    const routes = places.get(path) ?? new Map<string, Route<Caller>>();
    places.set(path, routes);
    if (routes.has(method.toUpperCase())) throw new Error(`${method} ${path} is declared twice`);
    routes.set(method.toUpperCase(), route);
    // HEAD asks for the head of a GET that changes nothing (RFC 9110 section 9.3.2); a GET that signs in has none.
    if (method === "get" && authentication !== "credentials") routes.set("HEAD", route);
  }
  return [...places].map(([path, routes]) => ({ mount, path, routes }));
}
