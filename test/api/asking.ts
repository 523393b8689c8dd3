/** Requests to a door without a socket: with bytes as they are, without a content type, and to doors of other parts. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { openLog } from "../../src/compose/log.ts";
import { openDoors, type DoorsDeps } from "../../src/compose/doors.ts";
import type { Unready } from "../../src/compose/heart.ts";
import { dialectNames } from "../../src/core/dialect-names.ts";
import type { Passwords, Store } from "../../src/engine/ports.ts";
import type { Handler } from "../../src/http/serve.ts";
import { passwords } from "../../src/identity/passwords.ts";
import { issuer, type Authority } from "../authority.ts";

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes go as they are and bring no content type; anything but text and bytes goes as JSON. */
  readonly body?: unknown;
  readonly address?: string;
  /** Aborted when the client has gone. */
  readonly signal?: AbortSignal;
}

export type Ask = (path: string, sent?: Sent) => Promise<Response>;

export const asking =
  (handler: Handler): Ask =>
  async (path, { method, headers, body, address, signal } = {}) => {
    const isBytes = body instanceof Uint8Array;
    const content = body === undefined || isBytes || typeof body === "string" ? body : JSON.stringify(body);
    return handler(
      new Request(`${issuer}${path}`, {
        method: method ?? (body === undefined ? "GET" : "POST"),
        headers: { ...(body === undefined || isBytes ? {} : { "content-type": "application/json" }), ...headers },
        ...(content === undefined ? {} : { body: content as string }),
        ...(signal === undefined ? {} : { signal }),
      }),
      { address: address ?? "127.0.0.1" },
    );
  };

export interface Parts {
  readonly store?: Store;
  readonly passwords?: Passwords;
  readonly unready?: () => Unready;
  readonly issuer?: string;
  readonly alertKeys?: DoorsDeps["alertKeys"];
}

/** The doors of an authority opened once more, with some of its parts replaced. They have a log of their own. */
export async function reopened(jeton: Authority, parts: Parts): Promise<{ ask: Ask; logged: () => string }> {
  let text = "";
  const log = openLog({
    level: "debug",
    format: "json",
    access: true,
    now: () => 0,
    write: (lines) => (text += lines),
  });
  const doors = await openDoors({
    config: jeton.config,
    store: parts.store ?? jeton.store,
    keys: jeton.keys,
    passwords: parts.passwords ?? passwords(randomBytes),
    clock: jeton.clock,
    chance: randomBytes,
    log,
    version: "0.0.0",
    issuer: parts.issuer ?? issuer,
    alertKeys: parts.alertKeys,
    open: new Map(
      dialectNames.filter((name) => jeton.config.dialects[name].open).map((name) => [name, { listener: undefined }]),
    ),
    vitals:
      parts.unready === undefined
        ? jeton.vitals
        : { ...jeton.vitals, heart: { ...jeton.vitals.heart, unready: parts.unready } },
  });
  return {
    ask: asking(doors.main),
    logged: () => {
      log.flush();
      return text;
    },
  };
}

/** All that a caller sees of an answer, but for the request's own id. Equal texts are answers that are alike. */
export async function seen(response: Response): Promise<string> {
  const id = response.headers.get("x-request-id") ?? "no request id";
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).toSorted();
  return [response.status, ...headers, "", await response.text()].join("\n").replaceAll(id, "(request id)");
}

/** `400 malformed_json`, after a look at the whole problem; at Sensu's door `400` and nothing but one line of text. */
export async function refused(path: string, response: Response): Promise<string> {
  const text = await response.text();
  assert.ok(response.status >= 400 && response.status < 500, `${path}: ${response.status} ${text}`);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  const type = response.headers.get("content-type");
  if (path.startsWith("/sensu/")) {
    assert.equal(type, "text/plain; charset=utf-8");
    assert.match(text, /^[^\n]{1,120}\n$/);
    return String(response.status);
  }
  assert.equal(type, "application/problem+json");
  const problem = JSON.parse(text) as Record<string, unknown>;
  assert.ok(String(problem["detail"]).length > 10, text);
  assert.equal(problem["type"], `/problems/${String(problem["code"])}`);
  assert.equal(problem["status"], response.status);
  assert.equal(problem["request_id"], response.headers.get("x-request-id"));
  return `${response.status} ${String(problem["code"])}`;
}

export const bearer = ({ access_token }: { readonly access_token: string }): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${access_token}`,
});

export const basic = (username: string, password: string): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
});
