/**
 * Who is asking: the address of the client, for the log and, later, for throttling. X-Forwarded-For is a claim that anybody can
 * write, so it counts only as far as it was written by proxies that the operator named: read from the right, the first
 * address that is not one of them is the client. Without such a list nobody is believed (N-01 to N-03).
 */
import { isIPv4, isIPv6 } from "node:net";

import { canonicalAddress, groupsOf } from "./address.ts";
import { openRanges, type Ranges } from "./ranges.ts";

/** The default: no forwarded header is believed. */
export const trustNobody: Ranges = { has: () => false };

/** So many proxies in a row are a loop or an attack. */
const maxHops = 32;

/** A `--trusted-proxy` that is no address range: a mistake of the operator, thrown at start. */
export class BadProxyRange extends Error {
  readonly code = "BAD_PROXY_RANGE";

  constructor(text: string) {
    super(
      `'${text}' is not an address range. Write an address, or an address and a prefix such as 10.0.0.0/8 or fd00::/8`,
    );
    this.name = "BadProxyRange";
  }
}

/** The proxies whose X-Forwarded-For is believed. */
export function trustProxies(ranges: readonly string[]): Ranges {
  if (ranges.length === 0) return trustNobody;
  try {
    return openRanges(ranges);
  } catch (fault) {
    throw fault instanceof RangeError ? new BadProxyRange(fault.message) : fault;
  }
}

/**
 * The client's address in canonical form. `forwarded` is the value of X-Forwarded-For, repeated headers joined by commas.
 * What cannot be read makes the answer the peer itself, which is the last thing that is known for certain.
 */
export function clientAddress(peer: string, forwarded: string | null, proxies: Ranges): string {
  const nearest = canonicalAddress(peer) ?? peer;
  if (forwarded === null || proxies === trustNobody || !proxies.has(nearest)) return nearest;
  let end = forwarded.length;
  let client = nearest;
  for (let hop = 0; hop < maxHops; hop += 1) {
    const comma = end === 0 ? -1 : forwarded.lastIndexOf(",", end - 1);
    const named = hopAddress(forwarded.slice(comma + 1, end));
    if (named === undefined) return nearest;
    client = named;
    // All of them are trusted: then the farthest is the one who asked.
    if (!proxies.has(client) || comma === -1) return client;
    end = comma;
  }
  return nearest;
}

/** One entry of X-Forwarded-For: an address, with a port or in brackets as some proxies write it. */
function hopAddress(entry: string): string | undefined {
  const text = entry.trim();
  if (text.startsWith("[")) {
    const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text);
    return bracketed?.[1] !== undefined && isIPv6(bracketed[1]) ? canonicalAddress(bracketed[1]) : undefined;
  }
  const colon = text.indexOf(":");
  // One colon is a port; an IPv6 address has at least two.
  if (colon === -1 || colon !== text.lastIndexOf(":")) return canonicalAddress(text);
  return /^\d{1,5}$/.test(text.slice(colon + 1)) ? canonicalAddress(text.slice(0, colon)) : undefined;
}

/**
 * What failures are counted under: an IPv4 address, or the /64 of an IPv6 address, since a household or a rented server
 * has a whole /64 to hop through (H-11).
 */
export function throttleKey(address: string): string {
  // The peer of a link-local connection has a zone; its network counts without it.
  const zone = address.indexOf("%");
  const canonical = canonicalAddress(zone === -1 ? address : address.slice(0, zone));
  if (canonical === undefined || isIPv4(canonical)) return canonical ?? address;
  const network = groupsOf(canonical).slice(0, 4);
  return `${network.map((group) => group.toString(16)).join(":")}::/64`;
}
