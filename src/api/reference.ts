/** What the API says of itself: /openapi.json, and one short page for each problem that it may answer. */
import { z } from "zod";

import { refusals, type RefusalCode } from "../core/refusals.ts";
import { refused } from "../core/result.ts";
import { route, type NativeRoute } from "./declare.ts";

const common = {
  method: "get",
  authentication: "public",
  scope: null,
  tenant: "none",
  rate: "public",
  shed: "admin",
  journal: null,
  body: "none",
  query: null,
} as const;

const isCode = (text: string): text is RefusalCode => Object.hasOwn(refusals, text);

const pageOf = (code: RefusalCode): string => {
  const { status, title, advice, source } = refusals[code];
  return `${code}: ${title}\n\nHTTP status ${status}\nRule: ${source}\n\n${advice}\n`;
};

/** `document` makes the OpenAPI text; it is asked once. */
export const referenceRoutes = (document: () => Promise<string>): readonly NativeRoute[] => {
  let text: Promise<string> | undefined;
  return [
    route({
      ...common,
      path: "/openapi.json",
      summary: "This API, as OpenAPI 3.1",
      params: null,
      answers: { 200: { description: "The document.", schema: z.string(), contentType: "application/json" } },
      refusals: [],
    })(async () => {
      text ??= document();
      return { status: 200, body: await text, headers: { "cache-control": "public, max-age=300" } };
    }),
    route({
      ...common,
      path: "/problems/:code",
      summary: "What a problem means and what to do about it",
      params: z.object({ code: z.string().max(64) }),
      answers: { 200: { description: "The page.", schema: z.string(), contentType: "text/plain; charset=utf-8" } },
      refusals: ["not_found"],
    })(async ({ params: { code } }) => (isCode(code) ? { status: 200, body: pageOf(code) } : refused("not_found"))),
  ];
};
