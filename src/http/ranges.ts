/** Address ranges (RFC 4632, RFC 4291 section 2.3): of proxies that are believed, of networks that a token is for. */
import { BlockList, isIPv4 } from "node:net";

import { canonicalAddress } from "./address.ts";

export interface Ranges {
  /** `address` is in canonical form, as `canonicalAddress` makes it. */
  has(address: string): boolean;
}

interface Range {
  readonly address: string;
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

/** A bare address is a range of one. */
function readRange(text: string): Range | undefined {
  const slash = text.indexOf("/");
  const base = slash === -1 ? text : text.slice(0, slash);
  const address = canonicalAddress(base);
  if (address === undefined) return undefined;
  const isNarrow = isIPv4(address);
  const bits = isNarrow ? 32 : 128;
  const prefix = slash === -1 ? String(bits) : text.slice(slash + 1);
  // A range of mapped addresses would need its prefix shortened by 96; nobody writes one, so it is not guessed at.
  const mapped = isNarrow && base.includes(":") && slash !== -1;
  if (mapped || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return undefined;
  return { address, prefix: Number(prefix), family: isNarrow ? "ipv4" : "ipv6" };
}

/** The same range in the spelling that we keep; undefined: it is none. */
export function canonicalRange(text: string): string | undefined {
  const range = readRange(text);
  return range && `${range.address}/${range.prefix}`;
}

/** Throws `RangeError` with the text that is no range. */
export function openRanges(texts: readonly string[]): Ranges {
  // One list for each family: in a common one, ::/0 would have the whole of IPv4 by way of the mapped addresses.
  const narrow = new BlockList();
  const wide = new BlockList();
  for (const text of texts) {
    const range = readRange(text);
    if (range === undefined) throw new RangeError(text);
    (range.family === "ipv4" ? narrow : wide).addSubnet(range.address, range.prefix, range.family);
  }
  return { has: (address) => (isIPv4(address) ? narrow.check(address, "ipv4") : wide.check(address, "ipv6")) };
}
