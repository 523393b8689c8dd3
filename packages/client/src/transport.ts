/**
 * Requests to a server, by the runtime's own HTTP client: it takes a certificate authority, a client certificate and a
 * deadline alike on every runtime, obeys no variable of the environment and follows no redirect, so that what is secret
 * goes where the caller says and nowhere else.
 */
import { request as plainRequest, type IncomingMessage } from "node:http";
import { request as secureRequest } from "node:https";

import { lookAtCertificate } from "./certificate.ts";
import { codeOf, NotUnderstood, reasonOf, Unreachable, Untrusted } from "./faults.ts";
import { plainJson, plainText } from "./plain-text.ts";

/** PEM texts. */
export interface TlsMaterial {
  /** Takes the place of the authorities that the machine trusts. */
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Whoever answers is believed to be the server. */
  readonly unsafeSkipVerify?: boolean | undefined;
}

export interface TransportOptions {
  /** Milliseconds for a request and all of its answer. */
  readonly timeout: number;
  readonly tls?: TlsMaterial;
  /** Is told of every answer; never of what was sent. */
  readonly onAnswer?: (told: { readonly method: string; readonly url: URL; readonly answer: Answer }) => void;
}

export interface Asked {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly token?: string;
  /** For a wire that takes Basic credentials (RFC 7617); instead of a token. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  /** Undefined where the answer is not JSON. Its texts are plain. */
  readonly body: unknown;
  readonly requestId: string | undefined;
  /** Seconds (RFC 9110 section 10.2.3). */
  readonly retryAfter: number | undefined;
}

export type Transport = (asked: Asked) => Promise<Answer>;

/** What an authority answers is small; whoever sends more is none. */
const longestAnswer = 1_048_576;

const header = (response: IncomingMessage, name: string): string | undefined => {
  const value = response.headers[name];
  return typeof value === "string" ? plainText(value) : undefined;
};

function parsed(text: string): unknown {
  try {
    return plainJson(JSON.parse(text));
  } catch {
    return undefined; // SyntaxError: an error page, most likely
  }
}

/** Codes of errors that are about the other side's certificate, on every runtime. */
const isAboutTrust = (code: string | undefined): boolean =>
  code !== undefined &&
  (/CERT|SELF_SIGNED|ISSUER|ALTNAME|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH/.test(code) ||
    code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE");

async function failure(url: URL, cause: unknown, timeout: number): Promise<Error> {
  if (cause instanceof Unreachable || cause instanceof NotUnderstood) return cause;
  if (!isAboutTrust(codeOf(cause))) return new Unreachable(reasonOf(cause) || (codeOf(cause) ?? ""), { cause });
  return new Untrusted(reasonOf(cause), await lookAtCertificate(url, timeout), { cause });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    const target = header(response, "location");
    throw new NotUnderstood(`it answered with a redirect${target === undefined ? "" : ` to ${target}`}`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longestAnswer) throw new NotUnderstood("its answer has no end");
    chunks.push(chunk);
  }
  if (!response.complete) throw new Unreachable("the connection was closed in the middle of the answer");
  const retryAfter = header(response, "retry-after");
  return {
    status,
    body: parsed(Buffer.concat(chunks).toString("utf8")),
    requestId: header(response, "x-request-id"),
    retryAfter: retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined,
  };
}

const basicText = ({ username, password }: NonNullable<Asked["basic"]>): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

function send({ method, url, token, basic, body }: Asked, { timeout, tls = {} }: TransportOptions): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    method,
    // A connection of its own, so that nothing is sent twice behind our back.
    agent: false as const,
    headers: {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(basic === undefined ? {} : { authorization: basicText(basic) }),
      ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    },
  };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? secureRequest(url, {
            ...options,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            rejectUnauthorized: tls.unsafeSkipVerify !== true,
            minVersion: "TLSv1.2",
          })
        : plainRequest(url, options);
    const fail = (fault: unknown): void => {
      clearTimeout(deadline);
      // A request that is given up is closed: none may arrive after the one that takes its place.
      request.destroy();
      reject(fault);
    };
    const deadline = setTimeout(() => fail(new Unreachable(`no answer within ${timeout / 1000} s`)), timeout);
    request.on("error", fail);
    request.on("response", (response) => {
      readAnswer(response).then((answer) => {
        clearTimeout(deadline);
        request.destroy();
        resolve(answer);
      }, fail);
    });
    request.end(text);
  });
}

/** Refuses by `Unreachable`, `Untrusted` and `NotUnderstood`; every answer is a value. */
export function openTransport(options: TransportOptions): Transport {
  return async (asked) => {
    let answer: Answer;
    try {
      answer = await send(asked, options);
    } catch (cause) {
      throw await failure(asked.url, cause, options.timeout);
    }
    options.onAnswer?.({ method: asked.method, url: asked.url, answer });
    return answer;
  };
}
