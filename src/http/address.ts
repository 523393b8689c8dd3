/** Internet addresses, each in one spelling, so that what is compared and counted by text is compared and counted right. */
import { isIPv4, isIPv6 } from "node:net";

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
export function groupsOf(address: string): readonly number[] {
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
