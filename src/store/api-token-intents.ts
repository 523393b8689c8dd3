/** Intents on API tokens, in SQL. What the asker may is looked at in the step that does what is asked. */
import type { DatabaseSync } from "node:sqlite";

import { usesApart, type ApiTokenRow, type ApiTokenView } from "../core/api-token.ts";
import { nextWarning } from "../core/api-token-warning.ts";
import { allows, authorityOf, mayChange, mayManage, type Authority } from "../core/authority.ts";
import { bytesFromId, idFromBytes, type ApiTokenId, type SubjectId } from "../core/ids.ts";
import type { JournalDetail, JournalKind } from "../core/journal.ts";
import { between, days, earlier, type Seconds } from "../core/units.ts";
import type { NewApiToken } from "../engine/api-token-store.ts";
import type { By, Done, NotDone, Store } from "../engine/ports.ts";
import { byThemselves, leakDetail, openActing, openTelling, type Actor } from "./acting.ts";
import { openApiTokens, type FoundApiToken } from "./api-token-view.ts";
import { prepare } from "./bind.ts";
import { openDirectory } from "./directory.ts";
import { openHolders } from "./owners.ts";
import { manyRows } from "./step.ts";

type Rotate = Parameters<Store["rotateApiToken"]>[0];
type Rename = Parameters<Store["renameApiToken"]>[0];
type End = Parameters<Store["endApiToken"]>[0];
type Leaked = Parameters<Store["endLeakedApiToken"]>[0];
type Uses = Parameters<Store["noteApiTokenUses"]>[0];
type Sweep = Parameters<Store["sweepApiTokens"]>[0];
type Swept = Awaited<ReturnType<Store["sweepApiTokens"]>>;

/** One that is over is kept so long, for whoever asks what became of it. */
const remembered = days(30);

/** Since when such a row is over, as far as that is known. Takes the time of now twice. */
const whenOver = "coalesce(min(expires_at, ?), ?)";

/** Of a row that has not ended: whether it lives no more all the same. Takes the time of now. */
const dead = `(expires_at <= ? OR epoch <> (SELECT epoch FROM instance WHERE id = 1)
  OR born <= (SELECT max(u.revoked_upto, o.revoked_upto) FROM subject u JOIN organisation o ON o.id = u.organisation
    WHERE u.id = api_token.subject))`;

const joined = (words: readonly string[] | null): string | null => words && words.join(" ");

/** The actor of an intent that makes tokens is somebody. */
const ownerOf = ({ subject }: Actor, wished: SubjectId | "own"): SubjectId => (wished === "own" ? subject! : wished);

const tokenOf = ({ apiToken }: Actor): Uint8Array | null => (apiToken === undefined ? null : bytesFromId(apiToken));

export function apiTokenIntents(db: DatabaseSync) {
  const acting = openActing(db);
  const tell = openTelling(db);
  const { find } = openApiTokens(db);
  const directory = openDirectory(db);
  const holders = openHolders(db);

  const instance = prepare<{ counter: number; epoch: Uint8Array }>(
    db,
    "SELECT counter, epoch FROM instance WHERE id = 1",
  );

  const insert = prepare(
    db,
    `INSERT INTO api_token (id, subject, name, created_at, expires_at, ended_at, signed_until, born, epoch, scopes, audiences,
       networks, requests_per_minute, secret, made_by, warn_at, replaced_by, last_used_at, last_used_from)
     VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)`,
  );

  // What a token has put in its own place.
  const heir = prepare<{ replaced_by: Uint8Array | null }>(
    db,
    "SELECT replaced_by FROM api_token WHERE id = ? AND rotated_itself = 1",
  );

  // What holds a place among a subject's live tokens and lives no more: expired, or born before a line or in an epoch that
  // was drawn for many at once. There are no more of them than the cap, as this is done before each new one.
  const buryDead = prepare(
    db,
    `UPDATE api_token SET ended_at = ${whenOver} WHERE subject = ? AND ended_at IS NULL AND ${dead}`,
  );

  const longestOf = prepare<{ longest: number | null }>(
    db,
    `SELECT o.longest_api_token AS longest FROM subject u JOIN organisation o ON o.id = u.organisation WHERE u.id = ?`,
  );

  const countLive = prepare<{ live: number }>(
    db,
    "SELECT count(*) AS live FROM api_token WHERE subject = ? AND ended_at IS NULL",
  );

  // Who has put another in its place need not be told that it ends.
  const replace = prepare(
    db,
    "UPDATE api_token SET replaced_by = ?, expires_at = ?, warn_at = NULL, rotated_itself = ? WHERE id = ?",
  );
  const adopt = prepare(db, "UPDATE api_token SET made_by = ? WHERE subject = ? AND made_by = ? AND ended_at IS NULL");
  const rename = prepare(db, "UPDATE api_token SET name = ? WHERE id = ?");
  const end = prepare(db, "UPDATE api_token SET ended_at = ? WHERE id = ?");
  // A token, and what was made with it, and with that: whoever made them had it in hand. They are all of one subject.
  const line = `WITH RECURSIVE line (id) AS (
    SELECT ? UNION SELECT t.id FROM api_token t JOIN line l ON t.made_by = l.id WHERE t.subject = ? AND t.ended_at IS NULL)`;
  const lineUntil = prepare<{ until: number | null }>(
    db,
    `${line} SELECT max(signed_until) AS until FROM api_token WHERE id IN line AND ended_at IS NULL`,
  );
  const endLine = prepare(db, `${line} UPDATE api_token SET ended_at = ? WHERE id IN line AND ended_at IS NULL`);
  const use = prepare(
    db,
    `UPDATE api_token SET last_used_at = ?, last_used_from = ?
     WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ? OR last_used_at > ?)`,
  );

  // A page of all tokens in the order of their ids, for the sweep; and those of it that are over.
  const page = prepare<{ id: Uint8Array }>(db, "SELECT id FROM api_token WHERE id > ? ORDER BY id LIMIT ?");
  const bury = prepare(
    db,
    `UPDATE api_token SET ended_at = ${whenOver} WHERE id > ? AND id <= ? AND ended_at IS NULL AND ${dead}`,
  );
  const sweep = prepare(db, "DELETE FROM api_token WHERE id > ? AND id <= ? AND ended_at <= ?");

  function told(
    actor: Pick<Actor, "told" | "apiToken">,
    { token, holder }: ApiTokenView,
    kind: Extract<JournalKind, `api_token_${string}`>,
    at: Seconds,
    detail: JournalDetail = {},
  ): void {
    const { organisation, subject } = holder;
    tell(actor, { at, kind, organisation, subject, detail: { api_token: token.id, name: token.name, ...detail } });
  }

  /** What a token of this subject may be given: what whoever asks has, or what the application has that they look after. */
  function givable(actor: Actor, wished: SubjectId): Authority | NotDone {
    if (wished === actor.subject) return actor.authority;
    const found = directory.subject(bytesFromId(wished));
    // What a token makes is its own subject's, so that it ends with it.
    if (actor.apiToken !== undefined || found === undefined || !mayManage(actor, found, "write")) return "absent";
    // It would come to life when the application does.
    if (found.status !== "active") return "wrong-state";
    return authorityOf(holders(bytesFromId(wished))!);
  }

  /** Whoever may make tokens makes them for themselves and their applications, and gives no more than those have. */
  function mayMint(
    actor: Actor | undefined,
    { subject, scopes, expiresAt, now, cap }: NewApiToken,
  ): NotDone | undefined {
    if (actor === undefined) return "stale";
    if (actor.subject === null || !allows(actor.authority, "tokens:mint")) return "forbidden";
    const whose = ownerOf(actor, subject);
    const authority = givable(actor, whose);
    if (typeof authority === "string") return authority;
    if (scopes !== null && !scopes.every((scope) => allows(authority, scope))) return "exceeds";
    const of = bytesFromId(whose);
    const { longest } = longestOf.get(of)!;
    if (longest !== null && (expiresAt === null || between(now, expiresAt) > longest)) return "too-long";
    buryDead.run(now, now, of, now);
    return countLive.get(of)!.live >= cap ? "too-many" : undefined;
  }

  function make(actor: Actor, wish: NewApiToken, madeBy: Uint8Array | null): FoundApiToken {
    const id = bytesFromId(wish.id);
    const { counter, epoch } = instance.get()!;
    const { name, now, expiresAt, scopes, audiences, networks, requestsPerMinute, secretHash } = wish;
    const signedUntil = secretHash === null ? expiresAt : null;
    const lists = [joined(scopes), joined(audiences), joined(networks)] as const;
    const subject = bytesFromId(ownerOf(actor, wish.subject));
    const limited = [...lists, requestsPerMinute] as const;
    const made = [secretHash, madeBy, nextWarning(expiresAt, now)] as const;
    insert.run(id, subject, name, now, expiresAt, signedUntil, counter, epoch, ...limited, ...made);
    return find(id)!;
  }

  /** The actor and a live token of its own, or of somebody whom it may change. */
  function reach(by: By, id: ApiTokenId, now: Seconds): { actor: Actor; found: FoundApiToken } | NotDone {
    const actor = acting(by);
    if (actor === undefined) return "stale";
    const found = find(bytesFromId(id));
    const isOver = found?.alive !== true || (found.token.expiresAt !== null && found.token.expiresAt <= now);
    if (found === undefined || isOver) return "absent";
    const { holder } = found;
    const isTheirs =
      mayManage(actor, { ...holder, id: holder.subject }, "write") && allows(actor.authority, "api-tokens:write");
    return isTheirs || mayChange(actor.authority, found.holder) === "yes" ? { actor, found } : "absent";
  }

  /** Ends it and what was made with it; until when the last of them is good where it is checked offline. */
  function endWithLine({ token, holder }: FoundApiToken, now: Seconds): Seconds {
    const of = [bytesFromId(token.id), bytesFromId(holder.subject)] as const;
    const { until } = lineUntil.get(...of)!;
    endLine.run(...of, now);
    return Math.max(until ?? now, now) as Seconds;
  }

  return {
    mintApiToken: manyRows((wish: NewApiToken): Done<{ readonly minted: ApiTokenView }> => {
      const actor = acting(wish.by);
      const not = mayMint(actor, wish);
      if (actor === undefined || not !== undefined) return { kind: not ?? "stale" };
      const minted = make(actor, wish, tokenOf(actor));
      told(actor, minted, "api_token_minted", wish.now, { expires_at: wish.expiresAt, scopes: wish.scopes });
      return { kind: "done", minted };
    }),

    rotateApiToken: manyRows((wish: Rotate): Done<{ readonly minted: ApiTokenView }> => {
      const { by, now, old, oldEnds } = wish;
      const target = reach(by, old, now);
      if (typeof target === "string") return { kind: target };
      const { actor, found } = target;
      // Its secret is for those alone who could make one of this subject.
      if (ownerOf(actor, wish.subject) !== found.holder.subject) return { kind: "absent" };
      if (found.token.replacedBy !== null) return { kind: "wrong-state" };
      // Both live for a while, or one goes and one comes.
      const not = mayMint(actor, { ...wish, cap: oldEnds <= now ? Number.POSITIVE_INFINITY : wish.cap + 1 });
      if (not !== undefined) return { kind: not };
      // A token that rotates itself stays in its place in the line, and what it made stays behind it.
      const minted = make(actor, wish, actor.apiToken === old ? found.madeBy : tokenOf(actor));
      adopt.run(bytesFromId(wish.id), bytesFromId(found.holder.subject), bytesFromId(old));
      const ends = found.token.expiresAt === null ? oldEnds : earlier(found.token.expiresAt, oldEnds);
      replace.run(bytesFromId(wish.id), ends, actor.apiToken === old, bytesFromId(old));
      if (ends <= now) end.run(now, bytesFromId(old));
      told(actor, minted, "api_token_rotated", now, { replaces: old, old_ends: ends });
      return { kind: "done", minted };
    }),

    renameApiToken: manyRows(({ id, name, by, now }: Rename): Done<{ readonly token: ApiTokenRow }> => {
      const target = reach(by, id, now);
      if (typeof target === "string") return { kind: target };
      rename.run(name, bytesFromId(id));
      const found = find(bytesFromId(id))!;
      if (name !== target.found.token.name)
        told(target.actor, found, "api_token_changed", now, { before: target.found.token.name });
      return { kind: "done", token: found.token };
    }),

    endApiToken: manyRows(({ id, by, now }: End): Done<{ readonly accessUntil: Seconds }> => {
      const target = reach(by, id, now);
      if (typeof target === "string") return { kind: target };
      const accessUntil = endWithLine(target.found, now);
      told(target.actor, target.found, "api_token_ended", now);
      return { kind: "done", accessUntil };
    }),

    endLeakedApiToken: manyRows(({ id, leak, now }: Leaked): boolean => {
      let ended = false;
      // Whoever had it may have put another in its place, and another in the place of that.
      for (let at: Uint8Array | null = bytesFromId(id); at !== null; at = heir.get(at)?.replaced_by ?? null) {
        const found = find(at);
        if (found?.alive !== true) continue;
        endWithLine(found, now);
        told(byThemselves(null, leak.from), found, "api_token_leaked", now, leakDetail(leak));
        ended = true;
      }
      return ended;
    }),

    noteApiTokenUses: manyRows((uses: Uses): void => {
      for (const { id, at, from } of uses) use.run(at, from, bytesFromId(id), at - usesApart, at);
    }),

    sweepApiTokens: manyRows(({ after: from, limit, now }: Sweep): Swept => {
      const start = from === undefined ? new Uint8Array(0) : bytesFromId(from);
      const last = page.all(start, limit).at(-1)?.id;
      if (last === undefined) return { removed: 0, last: undefined };
      bury.run(now, now, start, last, now);
      return { removed: sweep.run(start, last, now - remembered), last: idFromBytes(last) };
    }),
  };
}
