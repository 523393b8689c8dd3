/** GET /journal: what happened, newest first, as far as the caller's authority reaches. */
import { z } from "zod";

import type { SubjectId } from "../core/ids.ts";
import { journalKinds, type JournalEntry } from "../core/journal.ts";
import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";
import { idSchema, iso, pageOf, pageQuery, pageSchema, time } from "./paging.ts";

const Event = z
  .object({
    seq: z.int().min(1),
    at: time,
    kind: z.enum(journalKinds),
    organisation_id: z.uuid().nullable(),
    actor_id: z.uuid().nullable().meta({ description: "Who did it; null: the operator, or somebody unproven." }),
    subject_id: z.uuid().nullable().meta({ description: "Whom it was done to." }),
    session_id: z.uuid().nullable(),
    client: z.string().nullable(),
    address: z.string().nullable(),
    request_id: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
    hash: z.string().meta({ description: "Covers this event and the hash before it; 64 hexadecimal digits." }),
  })
  .meta({ id: "JournalEvent" });

const toWire = (entry: JournalEntry): z.input<typeof Event> => ({
  seq: entry.seq,
  at: iso(entry.at),
  kind: entry.kind,
  organisation_id: entry.organisation,
  actor_id: entry.actor,
  subject_id: entry.subject,
  session_id: entry.session,
  client: entry.client,
  address: entry.address,
  request_id: entry.request,
  detail: { ...entry.detail },
  hash: Array.from(entry.hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
});

export const journalRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    method: "get",
    path: "/api/v1/journal",
    summary: "What happened, newest first",
    authentication: "bearer",
    scope: "journal:read",
    tenant: "organisation",
    rate: "read",
    shed: "admin",
    journal: null,
    body: "none",
    query: z.strictObject({
      ...pageQuery,
      kind: z.enum(journalKinds).optional(),
      subject: idSchema<SubjectId>().optional(),
      actor: idSchema<SubjectId>().optional(),
    }),
    params: null,
    answers: {
      200: {
        description: "A page; with a filter it may be short, even empty, while `next_cursor` says that there is more.",
        schema: pageSchema("JournalPage", Event),
      },
    },
    refusals: ["invalid_request"],
  })(async ({ caller, query }) => {
    const { kind, subject, actor } = query;
    const page = await engine.readJournal(caller, { ...pageOf(query), kind, subject, actor });
    if (!page.ok) return page;
    return { status: 200, body: { items: page.value.items.map(toWire), next_cursor: page.value.nextCursor } };
  }),
];
