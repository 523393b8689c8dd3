/** Where the listeners of a server are to be, and how each speaks: decided before any of them is opened. */
import type { Address, Config } from "../config.ts";
import { dialectNames, type DialectName } from "../core/dialect-names.ts";
import { configuredTls, type ListenerTls } from "./tls.ts";

export interface Place {
  readonly address: Address;
  /** Null: plain HTTP. */
  readonly tls: ListenerTls | null;
}

export interface Places {
  readonly main: Place;
  /** Those dialects that have a listener of their own, once they are open. */
  readonly dialects: ReadonlyMap<DialectName, Place>;
}

/** As the configuration says: with its TLS everywhere, or nowhere. */
export function configuredPlaces(config: Config): Places {
  const tls = configuredTls(config);
  const dialects = new Map<DialectName, Place>();
  for (const name of dialectNames) {
    const address = config.dialects[name].listen;
    if (address !== null) dialects.set(name, { address, tls });
  }
  return { main: { address: config.listen, tls }, dialects };
}
