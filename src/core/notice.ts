/**
 * Notices: what people are told outside of Jeton, by mail and by webhook. Which events make one is a table, and of an
 * event's detail only what is listed there goes out; never a secret (ASVS 6.3.7).
 */
import type { ApiTokenId, NoticeId, OrganisationId, SubjectId } from "./ids.ts";
import type { JournalDetail, JournalKind } from "./journal.ts";
import { days, type Seconds } from "./units.ts";

export const noticeChannels = ["mail", "webhook"] as const;
export type NoticeChannel = (typeof noticeChannels)[number];

/** Events of the journal that their subject is told of at once, each with the members of its detail that are told. */
const noticedEvents = {
  api_token_minted: ["api_token", "name", "expires_at", "scopes"],
  // A person who rotates a token knows of it; whoever has a token may not be that person.
  api_token_rotated: ["api_token", "name", "replaces", "by_api_token"],
  auth_key_set: ["auth_key", "name", "fingerprint", "type", "bits", "expires_at"],
  client_secret_made: ["client_secret", "name", "expires_at"],
  password_changed: [],
  password_reset_issued: [],
  password_reset: [],
  // Told to the addresses of before.
  subject_changed: ["emails"],
} as const satisfies Partial<Record<JournalKind, readonly string[]>>;

type NoticedEvent = keyof typeof noticedEvents;

/** Of these kinds only the events that have such a member. */
const onlyWith: Partial<Record<NoticedEvent, string>> = {
  api_token_rotated: "by_api_token",
  subject_changed: "emails",
};

/** What may not be crowded out by what somebody does often. */
const reserved: ReadonlySet<NoticeKind> = new Set<NoticeKind>([
  "auth_key_set",
  "client_secret_made",
  "password_changed",
  "password_reset_issued",
  "password_reset",
  "subject_changed",
]);

/** `api_token_ends` is the one that is not told of an event: nothing has happened yet. */
export type NoticeKind = NoticedEvent | "api_token_ends";

const isNoticedKind = (event: JournalKind): event is NoticedEvent => Object.hasOwn(noticedEvents, event);

/** The kind of the notice that an event makes; undefined: none. */
export function noticedKind(event: JournalKind, detail: JournalDetail): NoticedEvent | undefined {
  if (!isNoticedKind(event)) return undefined;
  const needed = onlyWith[event];
  return needed === undefined || detail[needed] !== undefined ? event : undefined;
}

export const toldDetail = (event: NoticedEvent, detail: JournalDetail): JournalDetail =>
  Object.fromEntries(
    noticedEvents[event].flatMap((name) => {
      const value = detail[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** What a notice says, as of the step that it was queued in. */
export interface Told {
  readonly at: Seconds;
  readonly organisation: { readonly id: OrganisationId; readonly name: string };
  /** Whose business it is. */
  readonly subject: { readonly id: SubjectId; readonly kind: "user" | "application"; readonly username: string };
  /** Who did it; null: nobody, or the operator. */
  readonly actor: { readonly id: SubjectId; readonly username: string } | null;
  readonly address: string | null;
  readonly detail: JournalDetail;
}

/** What is told of a token in a warning. */
export interface EndingDetail {
  readonly api_token: ApiTokenId;
  readonly name: string;
  readonly expires_at: Seconds;
  readonly days: number;
}

export interface Notice {
  readonly id: NoticeId;
  readonly channel: NoticeChannel;
  readonly kind: NoticeKind;
  readonly told: Told;
  /** The address of a mail; null: the channel has one recipient. */
  readonly recipient: string | null;
  readonly createdAt: Seconds;
  /** How often its delivery has failed. */
  readonly attempts: number;
}

/** So many may wait. When there is no room, warnings come later, and what is told at once is dropped. */
const mostWaiting = 10_000;

/** Of these, so many are kept free for what tells of a new way in, and one reader has so many of the others. */
const keptFree = 2000;
const mostOfOne = 200;

/** Whether `count` more notices of this kind may wait, beside all that wait and those of the same reader. */
export const hasRoom = (
  kind: NoticeKind,
  count: number,
  waiting: { readonly all: number; readonly ofReader: number },
): boolean =>
  reserved.has(kind)
    ? waiting.all + count <= mostWaiting
    : waiting.all + count <= mostWaiting - keptFree && waiting.ofReader + count <= mostOfOne;

/** A notice that could not be delivered for so long is given up. */
export const givenUpAfter = days(3);

const firstWait = 60;
const longestWait = 3600;

/** How long to wait after so many failures: a minute, and twice as long each time up to an hour. `dice`: one byte. */
export function retryWait(failures: number, dice: number): Seconds {
  const whole = Math.min(firstWait * 2 ** Math.min(failures - 1, 10), longestWait);
  // Up to a quarter less, so that what failed together does not come back together.
  return Math.ceil(whole * (1 - dice / 1024)) as Seconds;
}
