/**
 * Notices by webhook, signed as the Standard Webhooks specification has it: HMAC-SHA256 over id, time and body, so that
 * the receiver knows who talks, that nothing was changed, and a message that somebody sends again. One connection for
 * each, no redirect, and of the answer only the status is looked at.
 */
import { createHmac } from "node:crypto";
import { request as plainRequest, type IncomingMessage } from "node:http";
import { request as secureRequest } from "node:https";

import type { Notice } from "../core/notice.ts";
import { webhookBodyOf } from "../core/notice-text.ts";
import { Secret } from "../core/secret.ts";
import type { Millis, Seconds } from "../core/units.ts";
import type { Courier, Delivery } from "../engine/courier.ts";
import { CourierUnusable, readSecretFile } from "./secret-file.ts";

/** The key of the HMAC, in base64. */
export type WebhookSecret = Secret;

export interface WebhookOptions {
  readonly url: string;
  readonly secret: WebhookSecret;
  readonly issuer: string;
  readonly now: () => Seconds;
  /** For the whole exchange. */
  readonly limit: Millis;
}

const leastBytes = 24;
const mostBytes = 64;

/** `whsec_` and 24 to 64 bytes in base64, as the specification has it. */
export function readWebhookSecret(file: string): WebhookSecret {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(readSecretFile(file, "webhook.secret_file").reveal()) ?? [];
  const bytes = Buffer.from(base64 ?? "", "base64").length;
  if (base64 === undefined || bytes < leastBytes || bytes > mostBytes) {
    throw new CourierUnusable(
      `webhook.secret_file: ${file} has no secret of 24 to 64 bytes. Do: printf 'whsec_%s\\n' "$(openssl rand -base64 32)" > ${file}`,
    );
  }
  return new Secret(base64);
}

function headersOf({ id }: Notice, body: string, { secret, now }: WebhookOptions): Record<string, string | number> {
  const at = now();
  const signature = createHmac("sha256", Buffer.from(secret.reveal(), "base64")).update(`${id}.${at}.${body}`);
  return {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": "jeton",
    "webhook-id": id,
    "webhook-timestamp": String(at),
    "webhook-signature": `v1,${signature.digest("base64")}`,
  };
}

/** What a receiver says to whoever comes, and not to this notice: who are you, nothing is here, too slow, too many. */
const toAnybody: ReadonlySet<number> = new Set([401, 404, 408, 429]);

/**
 * 410 is the one refusal that says of itself that it is for good; whoever gives any other may be mended. Most of 4xx is about
 * what was sent, which a name that somebody chose can bring about, and so it holds up that notice alone.
 */
function judge({ statusCode: status = 0 }: IncomingMessage): Delivery {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const reason = `HTTP ${status}`;
  if (status === 410) return { kind: "refused", reason };
  const ofNotice = status >= 400 && status < 500 && !toAnybody.has(status);
  return { kind: "failed", of: ofNotice ? "notice" : "channel", reason };
}

const codeOf = (fault: Error): string =>
  "code" in fault && typeof fault.code === "string" ? fault.code : "no connection";

export function webhookCourier(options: WebhookOptions): Courier {
  const { issuer, limit } = options;
  const url = new URL(options.url);
  const request = url.protocol === "https:" ? secureRequest : plainRequest;

  return (notice, signal) => {
    const body = webhookBodyOf(notice, issuer);
    return new Promise((resolve) => {
      const sending = request(url, {
        method: "POST",
        agent: false,
        minVersion: "TLSv1.2",
        headers: headersOf(notice, body, options),
      });
      const end = (delivery: Delivery): void => {
        clearTimeout(deadline);
        signal.removeEventListener("abort", stop);
        // What it says beside its status is not read.
        sending.destroy();
        resolve(delivery);
      };
      const fail = (reason: string): void => end({ kind: "failed", of: "channel", reason });
      const stop = (): void => fail("the server stops");
      const deadline = setTimeout(() => fail(`no answer within ${limit / 1000} s`), limit);
      // The last one stays for what comes after the end.
      sending.on("error", (fault) => fail(codeOf(fault)));
      sending.on("response", (response) => {
        response.on("error", () => undefined);
        end(judge(response));
      });
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
      else sending.end(body);
    });
  };
}
