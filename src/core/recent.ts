/** A map of bounded size: what was put there longest ago goes first, and may be worked out or read again. */
export interface Recent<Key, Value> {
  readonly get: (key: Key) => Value | undefined;
  /** A key that is there keeps its place. */
  readonly keep: (key: Key, value: Value) => void;
  readonly drop: (key: Key) => void;
  readonly forget: () => void;
}

export function recent<Key, Value>(most: number): Recent<Key, Value> {
  const known = new Map<Key, Value>();
  return {
    get: (key) => known.get(key),
    keep: (key, value) => {
      if (known.size >= most && !known.has(key)) known.delete(known.keys().next().value!);
      known.set(key, value);
    },
    drop: (key) => void known.delete(key),
    forget: () => {
      if (known.size > 0) known.clear();
    },
  };
}
