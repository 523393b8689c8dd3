/** A handler's answer as a response, with the headers that every answer has. */
import type { Answers, Declaration, Reply, ReplyHeaders } from "./route.ts";

type AnyReply = Reply<Answers> & { readonly headers?: ReplyHeaders };

/**
 * Answers are not for caches unless their route says otherwise (RFC 9111 section 5.2.2.5), and no browser may guess
 * their type.
 */
export function respond(declaration: Declaration, { status, body, headers }: AnyReply, requestId: string): Response {
  const { schema, contentType } = declaration.answers[status] ?? { schema: null };
  const single: Record<string, string> = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  };
  if (schema !== null) single["content-type"] = contentType ?? "application/json";
  const repeated: [name: string, value: string][] = [];
  for (const name in headers) {
    const value = headers[name]!;
    if (typeof value === "string") single[name] = value;
    else for (const one of value) repeated.push([name, one]);
  }
  const text = schema === null ? null : asText(body, contentType);
  const response = new Response(text, { status, headers: single });
  for (const [name, value] of repeated) response.headers.append(name, value);
  return response;
}

const asText = (body: unknown, contentType: string | undefined): string =>
  typeof body === "string" && contentType !== undefined ? body : JSON.stringify(body);
