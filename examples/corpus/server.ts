/**
 * A corpus service: a small API of the kind that SeTA's guide calls with a token. It never asks Jeton about a token: it
 * fetches the public key set now and then, and verifies by itself (RFC 9068 section 4). See README.md.
 */
import { readFileSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

import { createRemoteJWKSet, errors, jwtVerify } from "jose";

import { search } from "./documents.ts";

const { values: flags } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:8430" },
    issuer: { type: "string", default: "http://127.0.0.1:8420" },
    "tls.certificate": { type: "string" },
    "tls.key": { type: "string" },
    // For demonstrations: how far its clock is ahead, so that nobody has to wait until a token expires.
    "clock-offset": { type: "string", default: "0" },
  },
});

const path = "/seta-search/api/v1/corpus";
const mostBytes = 16_384;
const offset = Number(flags["clock-offset"]) * 1000;
const keys = createRemoteJWKSet(new URL(`${flags.issuer}/.well-known/jwks.json`));

/** Why the caller may not, or undefined: signature, type, issuer, audience and time are as they should be. */
async function refusal(authorization: string | undefined): Promise<string | undefined> {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return "Missing bearer token";
  try {
    await jwtVerify(token, keys, {
      issuer: flags.issuer,
      audience: flags.issuer,
      typ: "at+jwt",
      algorithms: ["EdDSA"],
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(Date.now() + offset),
    });
    return undefined;
  } catch (fault) {
    // What is wrong with the token is the caller's; a key set that cannot be had, or read, is ours.
    const isOurs = fault instanceof errors.JWKSTimeout || fault instanceof errors.JWKSInvalid;
    if (fault instanceof errors.JOSEError && fault.code !== errors.JOSEError.code && !isOurs) return fault.message;
    throw fault;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined; // not JSON
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
  });
  response.end(JSON.stringify(body));
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== path) return answer(response, 404, { message: "Not found" });
  if (request.method !== "POST") return answer(response, 405, { message: "Send a POST" });
  const refused = await refusal(request.headers.authorization);
  if (refused !== undefined) return answer(response, 401, { message: refused });
  const asked = await readJson(request);
  const { term, n_docs: count = 10, from_doc: from = 0 } = (asked ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof term !== "string" || !isCount(count) || !isCount(from))
    return answer(response, 400, { message: "Send term, n_docs and from_doc" });
  const { total, found } = search(term, from, Math.min(count, 100));
  answer(response, 200, { total_docs: total, documents: found });
}

const handler: RequestListener = (request, response) => {
  serve(request, response).catch((fault: unknown) => {
    console.error(fault);
    answer(response, 503, { message: "The key set cannot be had" });
  });
};

const { "tls.certificate": certificate, "tls.key": key } = flags;
const tls =
  certificate === undefined || key === undefined
    ? undefined
    : { cert: readFileSync(certificate), key: readFileSync(key) };
const server = tls === undefined ? createHttp(handler) : createHttps(tls, handler);
const [hostname = "", port = ""] = flags.listen.split(/:(?=\d+$)/);
server.listen(Number(port), hostname, () => {
  const { port: bound } = server.address() as AddressInfo;
  console.error(`corpus: ready on ${tls === undefined ? "http" : "https"}://${hostname}:${bound}${path}`);
});
