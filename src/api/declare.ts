/** Routes of the native API: their callers are principals. */
import type { Principal } from "../engine/introspect.ts";
import { routesFor, type Route } from "../http/route.ts";

export const route = routesFor<Principal>();
export type NativeRoute = Route<Principal>;
