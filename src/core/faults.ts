/** Faults that more than one layer has a name for. A fault is thrown; it is no answer that a caller can cause. */

/** The store could not carry an intent out and nothing was changed: full, busy, too late. It may be asked again. */
export class StoreUnavailable extends Error {
  readonly code = "STORE_UNAVAILABLE";
}
