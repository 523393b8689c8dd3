/** What the engine asks of the store about the keys of the instance, which rest there sealed. A part of the `Store` port. */
import type { Seconds } from "../core/units.ts";

export interface SealedSigningKey {
  readonly kid: string;
  /** What it signs: tokens of sessions, or API tokens. */
  readonly purpose: "access" | "api";
  readonly alg: string;
  readonly publishedAt: Seconds;
  readonly activeAt: Seconds;
  readonly sealed: Uint8Array;
}

export interface SealedRefreshKey {
  readonly kid: number;
  readonly createdAt: Seconds;
  readonly sealed: Uint8Array;
}

export interface SealedSecret {
  readonly purpose: string;
  readonly sealed: Uint8Array;
}

export interface SealedKeys {
  readonly signing: readonly SealedSigningKey[];
  readonly refresh: readonly SealedRefreshKey[];
  readonly secrets: readonly SealedSecret[];
}

/** Where keys rest, sealed. A key is stored before anything is made with it. */
export interface KeyStore {
  readonly loadKeys: () => Promise<SealedKeys>;
  readonly addKeys: (keys: SealedKeys) => Promise<void>;
}
