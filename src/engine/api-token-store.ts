/** What the engine asks of the store about API tokens. A part of the `Store` port. */
import type { ApiTokenRow, ApiTokenView } from "../core/api-token.ts";
import type { ApiTokenId, SubjectId } from "../core/ids.ts";
import type { Seconds } from "../core/units.ts";
import type { Circumstances } from "./circumstances.ts";
import type { AskerOptions, By, Done } from "./ports.ts";

/** What is settled about a token before it is made. */
export interface NewApiToken extends Pick<
  ApiTokenRow,
  "id" | "name" | "expiresAt" | "scopes" | "audiences" | "networks" | "requestsPerMinute" | "secretHash"
> {
  /** Whose it is to be; `own`: of whoever asks. */
  readonly subject: SubjectId | "own";
  /** Live tokens of one subject. */
  readonly cap: number;
  readonly by: Exclude<By, { readonly kind: "operator" }>;
  readonly now: Seconds;
}

/** A token was found where it should not be. */
export interface Leak {
  /** Of whoever showed it. */
  readonly from: Circumstances;
  /** Where it was, as they say. */
  readonly foundAt: string | undefined;
}

export interface ApiTokenStore {
  /** One that has not ended and is alive, by one snapshot. Whether it has expired is the caller's to see. */
  readonly findLiveApiToken: (id: ApiTokenId) => Promise<ApiTokenView | undefined>;
  /** The same, newest first, before `before` if one is given, without those that have expired. */
  readonly listApiTokens: (
    subject: SubjectId,
    page: { readonly before: ApiTokenId | undefined; readonly limit: number; readonly now: Seconds },
  ) => Promise<readonly ApiTokenRow[]>;
  /**
   * A token of whoever asks, or of an application that they look after, born in this step. `exceeds`: of scopes that its
   * subject does not have. `too-many`: the cap. `too-long`: its organisation allows less by now.
   */
  readonly mintApiToken: (
    intent: NewApiToken,
    options?: AskerOptions,
  ) => Promise<Done<{ readonly minted: ApiTokenView }>>;
  /**
   * The same in the place of the token `old` of this subject, which ends at `oldEnds` at the latest. `wrong-state`: it was replaced
   * before.
   */
  readonly rotateApiToken: (
    intent: NewApiToken & { readonly old: ApiTokenId; readonly oldEnds: Seconds },
    options?: AskerOptions,
  ) => Promise<Done<{ readonly minted: ApiTokenView }>>;
  /** One's own, or that of somebody whom one may change; `absent` for every other. */
  readonly renameApiToken: (intent: {
    readonly id: ApiTokenId;
    readonly name: string;
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly token: ApiTokenRow }>>;
  /**
   * The same, with what was made with it; one that is over already is `absent`. `accessUntil`: none of them is good after
   * this, even where it is verified offline.
   */
  readonly endApiToken: (intent: {
    readonly id: ApiTokenId;
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly accessUntil: Seconds }>>;
  /** The same for one that somebody found; false: it was over. */
  readonly endLeakedApiToken: (intent: {
    readonly id: ApiTokenId;
    readonly leak: Leak;
    readonly now: Seconds;
  }) => Promise<boolean>;
  /** Writes down when and from where tokens were used; those that are gone are passed over. */
  readonly noteApiTokenUses: (
    uses: readonly { readonly id: ApiTokenId; readonly at: Seconds; readonly from: string }[],
  ) => Promise<void>;
  /** Removes tokens that have been over for long, of up to `limit` from `after` on; the last id looked at. */
  readonly sweepApiTokens: (intent: {
    readonly after: ApiTokenId | undefined;
    readonly limit: number;
    readonly now: Seconds;
  }) => Promise<{ readonly removed: number; readonly last: ApiTokenId | undefined }>;
}
