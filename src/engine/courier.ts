/** What the engine asks of whoever carries notices out of the house; see couriers/. */
import type { Notice } from "../core/notice.ts";

/** What became of one attempt. `reason` is for the log: it holds no secret and names nobody. */
export type Delivery =
  | { readonly kind: "delivered" }
  /** It will never be taken. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It may be taken another time. `of`: what failed, this one alone or whatever comes by this way. */
  | { readonly kind: "failed"; readonly of: "notice" | "channel"; readonly reason: string };

/** Settles within some seconds, and soon after `signal`; what became of the notice is unknown then. */
export type Courier = (notice: Notice, signal: AbortSignal) => Promise<Delivery>;
