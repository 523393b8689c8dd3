/**
 * The checks that every request passes before routing, the same on both runtimes. RFC 9110 sections 5.3, 7.2 and 9;
 * RFC 9112 section 3.2; RFC 3986 section 2.1. One runtime joins a repeated header with a comma where the other keeps
 * the first, one hands a request with an impossible Host to the handler where the other answers it, and proxies in
 * front read odd paths in their own ways. So what can be read in two ways is refused here, before anybody reads it.
 */
import { granted, refused, type Outcome, type Refusal } from "../core/result.ts";

/** The request may be routed. */
export interface Passed {
  readonly ok: true;
  /** Normalised and percent-encoded, as in a URL. */
  readonly pathname: string;
  /** Empty, or `?` and the query string. */
  readonly search: string;
}

/** The methods that exist here, as an Allow header has them. */
export const knownMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

const methods: ReadonlySet<string> = new Set(knownMethods.split(", "));
/** A stand-in, since the Host header decides nothing. */
const base = "http://edge.invalid";
const singleValued = ["host", "authorization", "content-type", "dpop", "content-length"] as const;

const hostPattern = /^(?:[a-z\d._~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
const digits = /^\d+$/;
/** A whole target that is its own normal form, as most are. */
const plainPath = /^(?:\/[\w-]+)+$/;
/** `//`, a backslash, and escapes that some proxies undo and others do not: NUL, slash, backslash. */
const ambiguousPath = /\/\/|\\|%(?:00|2f|5c)/i;

/** Passes a request on with its URL, or says why it is refused: 400, 405 or 415. */
export function checkEdge(request: Request): Passed | Refusal {
  // First the method: CONNECT has no path to look at.
  if (!methods.has(request.method)) return refused("method_not_allowed");
  return checkHeaders(request.headers) ?? checkTarget(request.url);
}

function checkHeaders(headers: Headers): Refusal | undefined {
  const coding = headers.get("transfer-encoding");
  // RFC 9112 section 6.1: Node hands on `gzip, chunked` with the inner coding still in place.
  if (coding !== null && coding.toLowerCase() !== "chunked") {
    return refused("malformed_request", "Transfer-Encoding can be chunked only.");
  }
  for (const name of singleValued) {
    const value = headers.get(name);
    if (value === null) continue;
    if (value.includes(",")) return refused("malformed_request", `The header ${name} must have one value.`);
    if (name === "host" && !hostPattern.test(value)) return refused("malformed_request", "The Host header is no host.");
    if (name === "content-length") {
      if (!digits.test(value)) return refused("malformed_request", "Content-Length must be a decimal number.");
      // RFC 9112 section 6.3: the sign of a smuggled request. The parsers refuse it too; readBody relies on it.
      if (coding !== null) return refused("malformed_request", "The body has two lengths.");
    }
  }
  if (headers.has("content-encoding")) return refused("unsupported_media_type");
  return undefined;
}

function checkTarget(target: string): Passed | Refusal {
  // Bun leaves the URL relative when the Host header is missing or no host, and only then.
  if (target.startsWith("/")) return refused("malformed_request", "The Host header is missing or no host.");
  const scheme = target.indexOf("://");
  const start = scheme === -1 ? -1 : target.indexOf("/", scheme + 3);
  if (start === -1) return refused("malformed_request", "The request has no path.");

  const whole = target.slice(start);
  if (plainPath.test(whole)) return { ok: true, pathname: whole, search: "" };
  const query = whole.indexOf("?");
  const path = query === -1 ? whole : whole.slice(0, query);
  if (ambiguousPath.test(path)) return refused("malformed_request", "The path can be read in more than one way.");
  if (path.includes("%") && !isDecodable(path)) return refused("malformed_request", "The path has a bad escape.");

  // The path begins with one slash, so it cannot name another host; a fragment is never sent by a client in good faith.
  const url = URL.parse(base + whole);
  if (url === null || url.hash !== "") return refused("malformed_request", "The path cannot be read.");
  return { ok: true, pathname: url.pathname, search: url.search };
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * The whole body, or `body_too_large` as soon as it is known to be over `limit` bytes. Nothing is acted on before all of
 * it has arrived. A body that breaks off is `malformed_request`, which nobody is left to read.
 */
export async function readBody(request: Request, limit: number): Promise<Outcome<Uint8Array>> {
  if (request.method === "GET" || request.method === "HEAD") return granted(new Uint8Array());
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) return refused("body_too_large");
  try {
    // Both parsers end a body at its declared length, so the short way cannot take more than that from the wire; it is
    // worth a quarter of a small request's time. The length is compared all the same: a Request made in here may lie.
    const length = declared !== null && digits.test(declared) && !request.headers.has("transfer-encoding");
    if (!length) return await readStream(request.body, limit);
    const bytes = new Uint8Array(await request.arrayBuffer());
    return bytes.byteLength > limit ? refused("body_too_large") : granted(bytes);
  } catch {
    return refused("malformed_request", "The body broke off.");
  }
}

async function readStream(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Outcome<Uint8Array>> {
  if (body === null) return granted(new Uint8Array());
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let taken = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    taken += value.byteLength;
    if (taken > limit) {
      // Not awaited: a sender that never stops must not hold up the answer.
      reader.cancel().catch(ignore);
      return refused("body_too_large");
    }
    parts.push(value);
  }
  return granted(joined(parts, taken));
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function ignore(): void {
  // The reader has already been given up.
}
