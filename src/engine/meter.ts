/**
 * What the use cases tell for counting: plain functions that never throw, and on which no answer depends. What counts is
 * the kind of thing that happened, never whose it was.
 */

/** What a refresh came to: what the store did where there are tokens, else why there are none. */
export type RefreshResult = "advance" | "repeat" | "keep" | "unproven" | "reuse" | "expired" | "over";

export type SignInResult = "granted" | "refused" | "throttled" | "busy";

export interface Meter {
  readonly signedIn: (result: SignInResult) => void;
  readonly refreshed: (result: RefreshResult) => void;
}
