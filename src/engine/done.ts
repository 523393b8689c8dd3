/** What the store did not do for somebody, in the words of the catalogue. */
import { refused, type Refusal } from "../core/result.ts";
import type { NotDone } from "./ports.ts";

const codes = {
  stale: "invalid_token",
  absent: "not_found",
  forbidden: "forbidden",
  taken: "name_taken",
  "last-administrator": "last_administrator",
  "wrong-state": "wrong_state",
  "too-many": "too_many",
  exceeds: "exceeds_grant",
  "too-long": "invalid_request",
} as const satisfies Record<NotDone, Refusal["code"]>;

export const refusalOf = (why: NotDone): Refusal => refused(codes[why]);
