/** A handler's answer as a response, with the headers that every answer has. */
import type { Answers, Declaration, Reply } from "./route.ts";

type AnyReply = Reply<Answers> & { readonly headers?: Readonly<Record<string, string>> };

/**
 * Answers are not for caches unless their route says otherwise (RFC 9111 section 5.2.2.5), and no browser may guess
 * their type.
 */
export function respond(declaration: Declaration, { status, body, headers }: AnyReply, requestId: string): Response {
  const { schema, contentType } = declaration.answers[status] ?? { schema: null };
  const common = { "cache-control": "no-store", "x-content-type-options": "nosniff", "x-request-id": requestId };
  if (schema === null) return new Response(null, { status, headers: { ...common, ...headers } });
  const text = typeof body === "string" && contentType !== undefined ? body : JSON.stringify(body);
  return new Response(text, {
    status,
    headers: { "content-type": contentType ?? "application/json", ...common, ...headers },
  });
}
