/** What came in, against a route's declaration: content type, JSON, schema. The values that come out are checked. */
import type { z } from "zod";

import { parseForm } from "../core/form-text.ts";
import { parseJson } from "../core/json-text.ts";
import { refused, type Refusal } from "../core/result.ts";
import type { FieldError } from "./problem.ts";
import type { Declaration } from "./route.ts";

export interface RawInput {
  readonly bytes: Uint8Array | undefined;
  /** Empty, or `?` and the query string. */
  readonly search: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Headers;
}

interface CheckedInput {
  readonly body: never;
  readonly query: never;
  readonly params: never;
}

interface BadInput {
  readonly ok: false;
  readonly refusal: Refusal;
  readonly errors?: readonly FieldError[];
}

type Checked<T> = { readonly ok: true; readonly value: T } | BadInput;

/** RFC 8259 section 11 defines no parameter for JSON; a charset is tolerated when it says what must be so anyway. */
const jsonType = /^application\/json(?:\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i;
/** The same for a form, whose type has no parameter either (URL Standard section 5). */
const formType = /^application\/x-www-form-urlencoded(?:\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i;

const jsonFaults = {
  utf8: "The body is not UTF-8.",
  syntax: "The body is not one JSON value.",
  depth: "The body is nested more than 32 levels deep.",
  duplicate: "A member is named twice.",
  number: "A number is too large.",
  name: "A member has a name that is not accepted.",
} as const;

const formFaults = {
  utf8: "The form is not UTF-8.",
  escape: "The form has a bad escape.",
  duplicate: "A member is named twice.",
} as const;

const no = (refusal: Refusal): BadInput => ({ ok: false, refusal });

/** The declared parts of a request, validated. Says which member is wrong and what belongs there, never what was sent. */
export function readInput(declaration: Declaration, raw: RawInput): Checked<CheckedInput> {
  const body = readBodyAs(declaration, raw);
  if (!body.ok) return body;
  if (declaration.query === null && raw.search !== "") {
    return no(refused("invalid_request", "This path takes no query string. Send what you have to say in the body."));
  }
  const query =
    declaration.query === null
      ? undefined
      : check(declaration.query, singleValues(new URLSearchParams(raw.search)), "query");
  if (query?.ok === false) return query;
  // An id that is no id is the id of nothing.
  const params = declaration.params === null ? undefined : declaration.params.safeParse(raw.params);
  if (params?.success === false) return no(refused("not_found"));
  return {
    ok: true,
    value: { body: body.value as never, query: query?.value as never, params: params?.data as never },
  };
}

function readBodyAs({ body }: Declaration, { bytes, headers }: RawInput): Checked<unknown> {
  if (body === "none" || bytes === undefined) return { ok: true, value: undefined };
  if (body === "bytes") return { ok: true, value: bytes };
  const type = headers.get("content-type") ?? "";
  if (body.form === true && formType.test(type)) {
    const form = parseForm(bytes);
    return form.ok ? check(body.json, form.value, "body") : no(refused("invalid_request", formFaults[form.reason]));
  }
  if (!jsonType.test(type)) return no(refused("unsupported_media_type"));
  const parsed = parseJson(bytes);
  if (!parsed.ok) return { ok: false, refusal: refused("malformed_json", jsonFaults[parsed.reason]) };
  return check(body.json, parsed.value, "body");
}

function check(schema: z.ZodType, value: unknown, where: "body" | "query"): Checked<unknown> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const errors = result.error.issues.map((issue): FieldError => ({
    field: where === "body" ? issue.path.map((name) => `/${String(name)}`).join("") : issue.path.join("."),
    // The library's sentence would repeat the names that were sent.
    expected: issue.code === "unrecognized_keys" ? "no parameter but those in /openapi.json" : issue.message,
  }));
  return { ok: false, refusal: refused("invalid_request"), errors };
}

/** A parameter that comes twice is a list, which no schema of a single value accepts (RFC 6749 section 3.1). */
function singleValues(query: URLSearchParams): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = Object.create(null) as Record<string, never>;
  for (const name of query.keys()) {
    const all = query.getAll(name);
    values[name] = all.length === 1 ? all[0]! : all;
  }
  return values;
}
