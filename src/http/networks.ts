/** The networks that a token may be used from, in its row and at the door. */
import { canonicalAddress } from "./address.ts";
import { canonicalRange, openRanges, type Ranges } from "./ranges.ts";

/** Each in its one spelling, and once; undefined: one of them is no range. */
export function canonicalNetworks(texts: readonly string[]): readonly string[] | undefined {
  const ranges = texts.map(canonicalRange);
  return ranges.every((range) => range !== undefined) ? [...new Set(ranges)] : undefined;
}

/** So many lists are kept open; tokens share few. */
const mostOpen = 256;

/** Whether an address is in one of the ranges. What is no address is in none. */
export function withinNetworks(): (address: string, networks: readonly string[]) => boolean {
  const open = new Map<string, Ranges>();

  return (address, networks) => {
    const canonical = canonicalAddress(address);
    if (canonical === undefined) return false;
    const key = networks.join(" ");
    const ranges = open.get(key) ?? openRanges(networks);
    if (open.size >= mostOpen) open.clear();
    open.set(key, ranges);
    return ranges.has(canonical);
  };
}
