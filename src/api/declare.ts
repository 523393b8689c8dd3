/** Routes of the native API: their callers are principals. */
import type { Principal } from "../engine/introspect.ts";
import { routesFor, type Route } from "../http/route.ts";

export const route = routesFor<Principal>();
export type NativeRoute = Route<Principal>;

/** What every sign-in by credentials in the body declares. */
export const signingIn = {
  method: "post",
  authentication: "credentials",
  scope: null,
  tenant: "none",
  rate: "login",
  shed: "login",
  query: null,
  params: null,
} as const;
