/**
 * Errors in the way of Go's `http.Error`: plain text, one line feed, and no guessing of types. More than one of the
 * products spoken here is written in Go and answers so.
 */
import { z } from "zod";

const contentType = "text/plain; charset=utf-8";

const headers = {
  "content-type": contentType,
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** A declared answer of one line. */
export const plain = (description: string) => ({ description, schema: z.string(), contentType }) as const;

export const line = <const Status extends number>(status: Status, text: string) =>
  ({ status, body: `${text}\n` }) as const;

/** The same for what the delivery refuses; `more` are the headers that it wants on the answer. */
export const errorLine = (status: number, text: string, more: Readonly<Record<string, string>> | undefined): Response =>
  new Response(`${text}\n`, { status, headers: { ...headers, ...more } });
