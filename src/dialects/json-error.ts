/** Errors in JSON, for products whose clients read every body so; what stands in it is the product's own. */

const own = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** `headers` are those that the delivery wants on the answer. */
export const errorJson = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> | undefined,
): Response => new Response(JSON.stringify(body), { status, headers: { ...own, ...headers } });
