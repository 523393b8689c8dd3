/**
 * A route as a declaration: who may call it, what comes in, what goes out, and how it is treated under load. One schema
 * is validation, type and OpenAPI. A route that declares less does not compile.
 */
import type { z } from "zod";

import type { Asker } from "../core/asker.ts";
import type { RefusalCode } from "../core/refusals.ts";
import type { Refusal } from "../core/result.ts";
import type { Scope } from "../core/scope.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** Whose data a route may touch. */
export type TenantRule =
  /** Nobody's. */
  | "none"
  /** The caller's own. */
  | "own"
  /** That of the caller's organisation. */
  | "organisation"
  /** That of all organisations. */
  | "instance";

/** What a route costs, for throttling. */
export type RateClass = "login" | "token" | "read" | "write" | "public";

/** What is given up first under overload: the last. */
export const shedOrder = ["verify", "introspect", "revoke", "refresh", "login", "admin"] as const;
export type ShedClass = (typeof shedOrder)[number];

export interface AnswerDeclaration {
  readonly description: string;
  /** Null: no body. */
  readonly schema: z.ZodType | null;
  readonly contentType?: string;
}

export type Answers = Readonly<Record<number, AnswerDeclaration>>;

interface Declared {
  readonly method: Method;
  /** With `:name` for a parameter. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly tenant: TenantRule;
  readonly rate: RateClass;
  readonly shed: ShedClass;
  /** The journal event of a success; null: it is counted, not journalled. */
  readonly journal: string | null;
  /**
   * `json`: one JSON value by the schema; with `form`, a form by the same schema too, for wires whose clients send one.
   * `bytes`: as it came, for a wire with rules of its own. `none`: no body is read.
   */
  readonly body: { readonly json: z.ZodType; readonly form?: true } | "bytes" | "none";
  /** Null: a query string is refused, so that no secret is sent in one. */
  readonly query: z.ZodType | null;
  readonly params: z.ZodType | null;
  readonly answers: Answers;
  /** What it refuses beyond what the delivery itself refuses. */
  readonly refusals: readonly RefusalCode[];
}

/**
 * `credentials`: the handler itself checks what the request carries. `bearer-or-local`: this machine itself needs no
 * token.
 */
export type Declaration = Declared &
  (
    | { readonly authentication: "public" | "credentials"; readonly scope: null }
    | { readonly authentication: "bearer" | "bearer-or-local"; readonly scope: Scope }
  );

type SchemaOutput<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler is given: everything checked. */
export interface Call<D extends Declaration, Caller> {
  readonly body: D["body"] extends { readonly json: infer S }
    ? SchemaOutput<S>
    : D["body"] extends "bytes"
      ? Uint8Array
      : undefined;
  readonly query: SchemaOutput<D["query"]>;
  readonly params: SchemaOutput<D["params"]>;
  readonly caller: D["authentication"] extends "bearer" ? Caller : undefined;
  readonly headers: Headers;
  readonly from: {
    /** The client's address: the peer's, or what a trusted proxy says. */
    readonly address: string;
    readonly requestId: string;
  };
  readonly asker: Asker;
  /** For a route that finds out itself who is asking: takes one of the caller's requests; why not, where none is left. */
  readonly count: (caller: Caller) => Refusal | undefined;
}

/** A list is a header that comes several times, as Set-Cookie does. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

/** One of the declared answers. */
export type Reply<A extends Answers> = {
  [Status in keyof A & number]: {
    readonly status: Status;
    readonly headers?: ReplyHeaders;
  } & (A[Status]["schema"] extends z.ZodType
    ? { readonly body: z.input<A[Status]["schema"]> }
    : { readonly body?: undefined });
}[keyof A & number];

export interface Route<Caller> {
  readonly declaration: Declaration;
  readonly handle: (call: Call<Declaration, Caller>) => Promise<Reply<Answers> | Refusal>;
}

/**
 * The `route` function of a layer whose callers are `Caller`: `route(declaration)(handler)`. In two steps, so that the
 * handler's answer is checked against a declaration whose types are already settled.
 */
export function routesFor<Caller>() {
  return <const D extends Declaration>(declaration: D) =>
    (handle: (call: Call<D, Caller>) => Promise<Reply<D["answers"]> | Refusal>): Route<Caller> =>
      // The delivery fills the call from this very declaration, so that each handler gets what its own types say.
      ({ declaration, handle: handle as unknown as Route<Caller>["handle"] });
}
