/**
 * Whether this very machine is asking. The other end of the connection being a loopback address is not enough: behind a
 * proxy on the same machine everybody comes from there. So whatever hints at a proxy makes the answer no, and a name in
 * Host that is not this machine's own does too, since a page in a browser here could have been given that name.
 */
import { canonicalAddress } from "./address.ts";
import type { Peer } from "./serve.ts";

/** What proxies add to a request, beside what they were told to. */
const tracesOfProxies = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
] as const;

const isLoopback = (address: string): boolean => {
  const canonical = canonicalAddress(address);
  return canonical === "::1" || canonical?.startsWith("127.") === true;
};

/** `localhost` or a loopback address, with or without a port. */
function isOwnName(host: string | null): boolean {
  if (host === null) return false;
  const [, bracketed, plain = ""] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host.toLowerCase()) ?? [];
  return plain === "localhost" || isLoopback(bracketed ?? plain);
}

export const isFromThisMachine = ({ headers }: Request, { address }: Peer): boolean =>
  isLoopback(address) && isOwnName(headers.get("host")) && !tracesOfProxies.some((name) => headers.has(name));
