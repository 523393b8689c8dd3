/**
 * Refusals and faults as RFC 9457 problem documents. Everything that a caller sees of an error is made here, so that
 * no stack, statement or secret can slip into one.
 */
import { refusalEntry, type RefusalCode } from "../core/refusals.ts";

/** A member of the request that was wrong: where (JSON pointer or parameter name) and what is expected there. */
export interface FieldError {
  readonly field: string;
  readonly expected: string;
}

export interface ProblemDetails {
  readonly requestId: string;
  readonly detail?: string | undefined;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer for `code`: its status and an `application/problem+json` body (RFC 9457 section 3). */
export function problem(code: RefusalCode, { requestId, detail, errors, headers }: ProblemDetails): Response {
  const entry = refusalEntry(code);
  const body = {
    type: `/problems/${code}`,
    title: entry.title,
    status: entry.status,
    detail: detail ?? entry.advice,
    code,
    request_id: requestId,
    ...(errors === undefined ? {} : { errors }),
  };
  return new Response(JSON.stringify(body), {
    status: entry.status,
    headers: {
      "content-type": "application/problem+json",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      ...(entry.status === 503 ? { "retry-after": "1" } : {}),
      ...headers,
    },
  });
}
