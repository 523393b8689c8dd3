/** The corpus: a few documents that anybody may read, and a search in them. */

export interface Document {
  readonly id: string;
  readonly title: string;
  readonly abstract: string;
}

const documents: readonly Document[] = [
  {
    id: "on-tokens",
    title: "On tokens",
    abstract: "A jeton is a token: a piece of data that stands for a right, for a while.",
  },
  {
    id: "on-signatures",
    title: "On signatures",
    abstract: "Whoever signs data with a private key shows that they have it, and gives nothing of it away.",
  },
  {
    id: "on-revocation",
    title: "On revocation",
    abstract: "What was given can be taken back; the art is that everybody hears of it in time.",
  },
  {
    id: "on-clocks",
    title: "On clocks",
    abstract: "Data that is good until noon needs two clocks that agree on when noon is.",
  },
];

/** Those that have the term in their title or abstract, in any case: how many there are, and `count` of them. */
export function search(term: string, from: number, count: number): { total: number; found: readonly Document[] } {
  const wanted = term.toLowerCase();
  const all = documents.filter(({ title, abstract }) => `${title} ${abstract}`.toLowerCase().includes(wanted));
  return { total: all.length, found: all.slice(from, from + count) };
}
