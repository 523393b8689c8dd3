/** Intents on API tokens, in SQL. What the asker may is looked at in the step that does what is asked. */
import type { DatabaseSync } from "node:sqlite";

import { usesApart, type ApiTokenRow, type ApiTokenView } from "../core/api-token.ts";
import { allows, mayChange } from "../core/authority.ts";
import { bytesFromId, idFromBytes, type ApiTokenId } from "../core/ids.ts";
import type { JournalDetail, JournalKind } from "../core/journal.ts";
import { days, earlier, type Seconds } from "../core/units.ts";
import type { NewApiToken } from "../engine/api-token-store.ts";
import type { By, Done, NotDone, Store } from "../engine/ports.ts";
import { byThemselves, leakDetail, openActing, openTelling, type Actor } from "./acting.ts";
import { openApiTokens, type FoundApiToken } from "./api-token-view.ts";
import { prepare } from "./bind.ts";
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

const joined = (words: readonly string[] | null): string | null => words && words.join(" ");

export function apiTokenIntents(db: DatabaseSync) {
  const acting = openActing(db);
  const tell = openTelling(db);
  const { find } = openApiTokens(db);

  const instance = prepare<{ counter: number; epoch: Uint8Array }>(
    db,
    "SELECT counter, epoch FROM instance WHERE id = 1",
  );

  const insert = prepare(
    db,
    `INSERT INTO api_token (id, subject, name, created_at, expires_at, ended_at, born, epoch, scopes, audiences, networks,
       secret, replaced_by, last_used_at, last_used_from)
     VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)`,
  );

  // A revocation marks what it ends, so what is neither ended nor expired counts.
  const countLive = prepare<{ live: number }>(
    db,
    "SELECT count(*) AS live FROM api_token WHERE subject = ? AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
  );

  const replace = prepare(db, "UPDATE api_token SET replaced_by = ?, expires_at = ? WHERE id = ?");
  const rename = prepare(db, "UPDATE api_token SET name = ? WHERE id = ?");
  const end = prepare(db, "UPDATE api_token SET ended_at = ? WHERE id = ?");
  const use = prepare(
    db,
    `UPDATE api_token SET last_used_at = ?, last_used_from = ?
     WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)`,
  );

  // A page of all tokens in the order of their ids, for the sweep; and those of it that are over.
  const page = prepare<{ id: Uint8Array }>(db, "SELECT id FROM api_token WHERE id > ? ORDER BY id LIMIT ?");
  const sweep = prepare(db, "DELETE FROM api_token WHERE id > ? AND id <= ? AND (ended_at <= ? OR expires_at <= ?)");

  function told(
    actor: Pick<Actor, "told">,
    { token, holder }: ApiTokenView,
    kind: Extract<JournalKind, `api_token_${string}`>,
    at: Seconds,
    detail: JournalDetail = {},
  ): void {
    const { organisation, subject } = holder;
    tell(actor, { at, kind, organisation, subject, detail: { api_token: token.id, name: token.name, ...detail } });
  }

  /** Whoever may make tokens makes them for themselves, and gives no more than they have. */
  function mayMint(actor: Actor | undefined, { scopes, now, cap }: NewApiToken): NotDone | undefined {
    if (actor === undefined) return "stale";
    if (actor.subject === null || !allows(actor.authority, "tokens:mint")) return "forbidden";
    if (scopes !== null && !scopes.every((scope) => allows(actor.authority, scope))) return "exceeds";
    return countLive.get(bytesFromId(actor.subject), now)!.live >= cap ? "too-many" : undefined;
  }

  function make(actor: Actor, wish: NewApiToken): FoundApiToken {
    const id = bytesFromId(wish.id);
    const { counter, epoch } = instance.get()!;
    const { name, now, expiresAt, scopes, audiences, networks, secretHash } = wish;
    const lists = [joined(scopes), joined(audiences), joined(networks)] as const;
    insert.run(id, bytesFromId(actor.subject!), name, now, expiresAt, counter, epoch, ...lists, secretHash);
    return find(id)!;
  }

  /** The actor and a live token of its own, or of somebody whom it may change. */
  function reach(by: By, id: ApiTokenId, now: Seconds): { actor: Actor; found: FoundApiToken } | NotDone {
    const actor = acting(by);
    if (actor === undefined) return "stale";
    const found = find(bytesFromId(id));
    const isOver = found?.alive !== true || (found.token.expiresAt !== null && found.token.expiresAt <= now);
    if (found === undefined || isOver) return "absent";
    const isTheirs = actor.subject === found.holder.subject && allows(actor.authority, "api-tokens:write");
    return isTheirs || mayChange(actor.authority, found.holder) === "yes" ? { actor, found } : "absent";
  }

  return {
    mintApiToken: manyRows((wish: NewApiToken): Done<{ readonly minted: ApiTokenView }> => {
      const actor = acting(wish.by);
      const not = mayMint(actor, wish);
      if (actor === undefined || not !== undefined) return { kind: not ?? "stale" };
      const minted = make(actor, wish);
      told(actor, minted, "api_token_minted", wish.now, { expires_at: wish.expiresAt, scopes: wish.scopes });
      return { kind: "done", minted };
    }),

    rotateApiToken: manyRows((wish: Rotate): Done<{ readonly minted: ApiTokenView }> => {
      const { by, now, old, oldEnds } = wish;
      const target = reach(by, old, now);
      if (typeof target === "string") return { kind: target };
      const { actor, found } = target;
      // Its secret is for its owner alone.
      if (actor.subject !== found.holder.subject) return { kind: "absent" };
      if (found.token.replacedBy !== null) return { kind: "wrong-state" };
      const not = mayMint(actor, { ...wish, cap: wish.cap + 1 });
      if (not !== undefined) return { kind: not };
      const minted = make(actor, wish);
      const ends = found.token.expiresAt === null ? oldEnds : earlier(found.token.expiresAt, oldEnds);
      replace.run(bytesFromId(wish.id), ends, bytesFromId(old));
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

    endApiToken: manyRows(({ id, by, now }: End): Done<{ readonly token: ApiTokenRow }> => {
      const target = reach(by, id, now);
      if (typeof target === "string") return { kind: target };
      end.run(now, bytesFromId(id));
      told(target.actor, target.found, "api_token_ended", now);
      return { kind: "done", token: target.found.token };
    }),

    endLeakedApiToken: manyRows(({ id, leak, now }: Leaked): boolean => {
      const found = find(bytesFromId(id));
      if (found?.alive !== true) return false;
      end.run(now, bytesFromId(id));
      told(byThemselves(null, leak.from), found, "api_token_leaked", now, leakDetail(leak));
      return true;
    }),

    noteApiTokenUses: manyRows((uses: Uses): void => {
      for (const { id, at, from } of uses) use.run(at, from, bytesFromId(id), at - usesApart);
    }),

    sweepApiTokens: manyRows(({ after: from, limit, now }: Sweep): Swept => {
      const start = from === undefined ? new Uint8Array(0) : bytesFromId(from);
      const last = page.all(start, limit).at(-1)?.id;
      if (last === undefined) return { removed: 0, last: undefined };
      const before = now - remembered;
      return { removed: sweep.run(start, last, before, before), last: idFromBytes(last) };
    }),
  };
}
