/** What the suite of authentication keys plays with: keys of nobody, and sign-ins by what they would have signed. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import type { AuthKey } from "../../core/auth-key.ts";
import type { AuthKeyId, SessionId, SubjectId } from "../../core/ids.ts";
import type { JournalDetail, JournalKind } from "../../core/journal.ts";
import { nativePolicy } from "../../core/policy.ts";
import type { SessionView } from "../../core/session.ts";
import type { Seconds } from "../../core/units.ts";
import type { OpenedSigned } from "../../engine/auth-key-store.ts";
import { byItself, from, native, type StoreWorld } from "./world.ts";

export const newKey = (of: Partial<AuthKey> = {}): AuthKey => ({
  fingerprint: randomBytes(32),
  spki: randomBytes(294),
  type: "RSA",
  bits: 2048,
  ...of,
});

/** With the functions of a test that names what it means. */
export function authKeyWorld(world: StoreWorld) {
  type Asking = ReturnType<typeof byItself>;
  interface Adding {
    readonly subject?: SubjectId;
    readonly by?: Asking;
    readonly expiresAt?: Seconds | null;
    readonly cap?: number;
    readonly ofOneSize?: number;
  }
  const asking = async (subject: SubjectId): Promise<Asking> => byItself((await world.session(subject))!.id);
  const add = async (key: AuthKey, { subject = world.bob(), by, ...more }: Adding = {}) =>
    world.under().store.addAuthKey({
      id: world.id<AuthKeyId>(),
      subject,
      name: "laptop",
      key,
      expiresAt: null,
      cap: 100,
      ofOneSize: 100,
      ...more,
      by: by ?? (await asking(subject)),
      now: world.under().now(),
    });
  const added = async (key: AuthKey = newKey(), of: Adding = {}): Promise<AuthKeyId> => {
    const done = await add(key, of);
    assert.ok(done.kind === "done", done.kind);
    return done.authKey.id;
  };
  const remove = async (id: AuthKeyId, by?: Asking) =>
    world.under().store.endAuthKey({ id, by: by ?? (await asking(world.bob())), now: world.under().now() });
  const sweep = (): Promise<number> => world.under().store.sweepSignatures({ limit: 3, now: world.under().now() });
  const credential = (canonical = "bob") =>
    world.under().store.findSigningCredential("root", { kind: "username", canonical }, world.under().now());
  const list = async (subject = world.bob(), limit = 10, before?: AuthKeyId): Promise<readonly AuthKeyId[]> => {
    const keys = await world.under().store.listAuthKeys(subject, { before, limit, now: world.under().now() });
    return keys.map(({ id }) => id);
  };

  interface Signing {
    readonly canonical?: string;
    readonly read?: ReturnType<typeof credential>;
    /** The newest, unless another is meant. */
    readonly key?: AuthKeyId;
    readonly until?: Seconds | null;
    readonly most?: number;
    readonly subject?: SubjectId;
  }
  /** A sign-in by what was signed with a key of now, or of a credential as it was read before. */
  const sign = async (trace: Uint8Array, of: Signing = {}): Promise<OpenedSigned> => {
    const { store, now } = world.under();
    const { canonical = "bob", until = null, most = 1_000_000 } = of;
    const { holder, instance, authKeys } = (await (of.read ?? credential(canonical)))!;
    const key = of.key ?? authKeys[0]!.id;
    return store.openSigned({
      open: {
        id: world.id<SessionId>(),
        subject: of.subject ?? holder.subject,
        client: native,
        policy: nativePolicy,
        salt: randomBytes(16),
        kid: 1,
        born: instance.counter,
        epoch: instance.epoch,
        authTime: now(),
        amr: "swk",
        openedWith: key,
        from,
        now: now(),
      },
      authKey: key,
      trace,
      until,
      most,
    });
  };
  const signIn = async (trace: Uint8Array, of: Signing = {}): Promise<SessionView | undefined> => {
    const opened = await sign(trace, of);
    return opened.kind === "opened" ? opened.view : undefined;
  };
  /** Kind and detail of what the journal was told of a subject, newest first. */
  const told = async (subject: SubjectId): Promise<(readonly [JournalKind, JournalDetail])[]> => {
    const page = { organisation: null, actor: undefined, kind: undefined, before: undefined, limit: 10 };
    const { entries } = await world.under().store.readJournal({ ...page, subject });
    return entries.map(({ kind, detail }) => [kind, detail] as const);
  };
  const isLive = async (view: SessionView | undefined): Promise<boolean> =>
    view !== undefined && (await world.under().store.findLiveSession(view.session.id)) !== undefined;

  return { asking, add, added, remove, sweep, credential, list, sign, signIn, told, isLive };
}
