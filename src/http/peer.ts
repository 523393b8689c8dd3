/**
 * Who is asking: the address of the client, for the log and, later, for throttling. X-Forwarded-For is a claim that anybody can
 * write, so it counts only as far as it was written by proxies that the operator named: read from the right, the first
 * address that is not one of them is the client. Without such a list nobody is believed (N-01 to N-03).
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** The proxies whose X-Forwarded-For is believed. */
export interface TrustedProxies {
  /** `address` is in canonical form, as `canonicalAddress` makes it. */
  trusts(address: string): boolean;
}

/** The default: no forwarded header is believed. */
export const trustNobody: TrustedProxies = { trusts: () => false };

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

/** The list of trusted proxies from CIDR ranges (RFC 4632, RFC 4291 section 2.3); a bare address is a range of one. */
export function trustProxies(ranges: readonly string[]): TrustedProxies {
  if (ranges.length === 0) return trustNobody;
  // One list for each family: in a common one, ::/0 would trust the whole of IPv4 by way of the mapped addresses.
  const narrow = new BlockList();
  const wide = new BlockList();
  for (const range of ranges) addRange(narrow, wide, range);
  return { trusts: (address) => (isIPv4(address) ? narrow.check(address, "ipv4") : wide.check(address, "ipv6")) };
}

function addRange(narrow: BlockList, wide: BlockList, range: string): void {
  const slash = range.indexOf("/");
  const text = slash === -1 ? range : range.slice(0, slash);
  const address = canonicalAddress(text);
  if (address === undefined) throw new BadProxyRange(range);
  const isNarrow = isIPv4(address);
  const bits = isNarrow ? 32 : 128;
  const prefix = slash === -1 ? String(bits) : range.slice(slash + 1);
  // A range of mapped addresses would need its prefix shortened by 96; nobody writes one, so it is not guessed at.
  const mapped = isNarrow && text.includes(":") && slash !== -1;
  if (mapped || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) throw new BadProxyRange(range);
  if (isNarrow) narrow.addSubnet(address, Number(prefix), "ipv4");
  else wide.addSubnet(address, Number(prefix), "ipv6");
}

/**
 * The client's address in canonical form. `forwarded` is the value of X-Forwarded-For, repeated headers joined by commas.
 * What cannot be read makes the answer the peer itself, which is the last thing that is known for certain.
 */
export function clientAddress(peer: string, forwarded: string | null, proxies: TrustedProxies): string {
  const nearest = canonicalAddress(peer) ?? peer;
  if (forwarded === null || proxies === trustNobody || !proxies.trusts(nearest)) return nearest;
  let end = forwarded.length;
  let client = nearest;
  for (let hop = 0; hop < maxHops; hop += 1) {
    const comma = end === 0 ? -1 : forwarded.lastIndexOf(",", end - 1);
    const named = hopAddress(forwarded.slice(comma + 1, end));
    if (named === undefined) return nearest;
    client = named;
    // All of them are trusted: then the farthest is the one who asked.
    if (!proxies.trusts(client) || comma === -1) return client;
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
 * One spelling for each address: IPv4 dotted, also where it came mapped into IPv6 (RFC 4291 section 2.5.5.2); IPv6 as
 * RFC 5952 writes it. Undefined for anything else, an address with a zone among it: a zone means nothing to another host.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const groups = groupsOf(text);
  const [high = 0, low = 0] = groups.slice(6);
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (mapped) return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** The eight groups of an IPv6 address that is known to be one. */
function groupsOf(address: string): readonly number[] {
  const [head = "", tail] = address.split("::");
  const front = groupsIn(head);
  const back = tail === undefined ? [] : groupsIn(tail);
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function groupsIn(part: string): number[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
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
