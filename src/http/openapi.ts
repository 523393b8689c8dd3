/** OpenAPI 3.1 out of the routes' own declarations, so that there is no second description of an answer. */
import { z } from "zod";
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";

import { refusals, type RefusalCode } from "../core/refusals.ts";
import type { Declaration } from "./route.ts";

export interface DocumentOptions {
  readonly title: string;
  readonly version: string;
  readonly server: string;
}

const Problem = z
  .object({
    type: z.string().meta({ description: "A page about this kind of problem." }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "What happened and what to do." }),
    code: z.enum(Object.keys(refusals) as [RefusalCode, ...RefusalCode[]]),
    request_id: z.string(),
    errors: z.array(z.object({ field: z.string(), expected: z.string() })).optional(),
  })
  .meta({ id: "Problem" });

/** What the delivery itself may refuse, by what a route declares. */
function refusalsOf({ scope, shed, body, refusals: own }: Declaration): readonly RefusalCode[] {
  return [
    ...new Set<RefusalCode>([
      "malformed_request",
      "invalid_request",
      ...(scope === null
        ? []
        : (["missing_token", "invalid_token", "insufficient_scope", "too_many_requests"] as const)),
      ...(typeof body === "object" ? (["malformed_json", "body_too_large"] as const) : []),
      "unsupported_media_type",
      ...own,
      "internal_error",
      "temporarily_unavailable",
      ...(shed === "verify" ? [] : (["overloaded"] as const)),
    ]),
  ];
}

function responsesOf(declaration: Declaration): ZodOpenApiResponsesObject {
  const responses: ZodOpenApiResponsesObject = {};
  for (const [status, { description, schema, contentType }] of Object.entries(declaration.answers)) {
    responses[status as "200"] =
      schema === null ? { description } : { description, content: { [contentType ?? "application/json"]: { schema } } };
  }
  for (const [status, codes] of Map.groupBy(refusalsOf(declaration), (code) => refusals[code].status)) {
    responses[`${status}` as "400"] = {
      description: codes.map((code) => `\`${code}\`: ${refusals[code].title}.`).join(" "),
      content: { "application/problem+json": { schema: Problem } },
    };
  }
  return responses;
}

const pathOf = (path: string): string => path.replaceAll(/:([a-z_]+)/g, "{$1}");

function operationOf(declaration: Declaration): ZodOpenApiOperationObject {
  const { body, query, params, summary, authentication, scope } = declaration;
  return {
    summary,
    // The empty one beside it: no token is needed where the request comes from this machine.
    security: scope === null ? [] : [{ accessToken: [scope] }, ...(authentication === "bearer" ? [] : [{}])],
    ...(typeof body === "object"
      ? { requestBody: { required: true, content: { "application/json": { schema: body.json } } } }
      : {}),
    ...(query === null && params === null
      ? {}
      : {
          requestParams: {
            ...(query === null ? {} : { query: query as z.ZodObject }),
            ...(params === null ? {} : { path: params as z.ZodObject }),
          },
        }),
    responses: responsesOf(declaration),
    "x-jeton": {
      tenant: declaration.tenant,
      rate: declaration.rate,
      shed: declaration.shed,
      journal: declaration.journal,
    },
  };
}

export function openApiText(declarations: readonly Declaration[], { title, version, server }: DocumentOptions): string {
  const paths: ZodOpenApiPathsObject = {};
  for (const declaration of declarations) {
    const path = pathOf(declaration.path);
    paths[path] = { ...paths[path], [declaration.method]: operationOf(declaration) };
  }
  const document = createDocument({
    openapi: "3.1.0",
    info: { title, version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: server }],
    components: {
      securitySchemes: { accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT (RFC 9068)" } },
    },
    paths,
  });
  return JSON.stringify(document, null, 2);
}
