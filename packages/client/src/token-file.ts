/**
 * The credentials on disk, in the shape of WEKA's auth-token.json, so that its clients can share the file: three texts,
 * `access_token`, `refresh_token` and `token_type`. Whatever else stands in it is kept.
 */
import { isToken, members, type Credentials } from "./doors/door.ts";
import { FileDamaged } from "./faults.ts";
import { deletePrivate, preparePrivate, readPrivate } from "./private-file.ts";

export interface StoredTokens extends Credentials {
  readonly [extra: string]: unknown;
}

/** Undefined where nobody is signed in. Throws `FileRefused` and `FileDamaged`. */
export function readTokens(path: string): StoredTokens | undefined {
  const text = readPrivate(path, "to-readers");
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileDamaged(`${path} is not JSON`, { cause });
  }
  const found = members(value);
  const { access_token: access, refresh_token: refresh, token_type: type = "Bearer" } = found;
  if (!isToken(access) || !isToken(refresh) || typeof type !== "string") {
    throw new FileDamaged(`${path} does not have the tokens that it should`);
  }
  return { ...found, access_token: access, refresh_token: refresh, token_type: type };
}

export interface PreparedTokens {
  /** Takes the place of what is there, but for its extra members. */
  readonly store: (next: Credentials, before: StoredTokens | undefined) => void;
  readonly discard: () => void;
}

/** Makes sure that tokens can be stored, before they are asked for. The caller holds the file's lock. */
export function prepareTokens(path: string): PreparedTokens {
  const file = preparePrivate(path);
  return {
    discard: file.discard,
    store: ({ access_token, refresh_token, token_type }, before) =>
      file.store(`${JSON.stringify({ ...before, access_token, refresh_token, token_type }, null, 2)}\n`),
  };
}

/** Whether there was something to delete. */
export const deleteTokens = (path: string): boolean => deletePrivate(path);
