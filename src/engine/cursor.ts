/** Cursors of lists: where a page ended, bound to the list and to its caller, so that a made-up one is refused. */
import { refused, granted, type Outcome } from "../core/result.ts";
import type { Tokens } from "./ports.ts";

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null: there is no more. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface Cursors<Place> {
  readonly write: (place: Place) => string;
  /** Refuses with `invalid_request` what this list did not give to this caller; undefined: from the beginning. */
  readonly read: (cursor: string | undefined) => Outcome<Place | undefined>;
}

/** `list` and `whose` bind a cursor; `parse` answers undefined for a place that cannot be one. */
export function cursors<Place extends string | number>(
  { tokens }: { readonly tokens: Pick<Tokens, "macText"> },
  list: string,
  whose: string,
  parse: (text: string) => Place | undefined,
): Cursors<Place> {
  const sign = (place: Place): string => tokens.macText(`cursor ${list}`, `${whose} ${place}`);
  return {
    write: (place) => `${place}.${sign(place)}`,
    read: (cursor) => {
      if (cursor === undefined) return granted(undefined);
      const at = cursor.indexOf(".");
      const place = parse(cursor.slice(0, Math.max(at, 0)));
      // A cursor opens nothing that its caller could not list anyway; equality is enough.
      return place !== undefined && cursor.slice(at + 1) === sign(place)
        ? granted(place)
        : refused("invalid_request", "The cursor is not one of this list.");
    },
  };
}

/** A page out of one item more than it may have. */
export const pageOf = <T, Place extends string | number>(
  found: readonly T[],
  limit: number,
  placeOf: (item: T) => Place,
  { write }: Cursors<Place>,
): Page<T> => {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? write(placeOf(last)) : null };
};
