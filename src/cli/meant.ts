/** Which of several things is meant: by its id, or by a name that only one of them has. */
import { Complaint } from "./complaint.ts";

export const isId = (text: string): boolean => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(text);

export interface Kind {
  /** "API token of yours" */
  readonly one: string;
  /** "of your API tokens" */
  readonly several: string;
  /** The command that lists them. */
  readonly list: string;
}

/** A word that was typed is not repeated: it may be the secret itself. */
const unknown = ({ one, list }: Kind): Complaint =>
  new Complaint("notFound", `there is no ${one} with this id or name`, { code: "not_found", remedy: list });

/** The id of the only one; a name that several have is refused, with their ids. */
export function theOnly(found: readonly { readonly id: string }[], meant: string, kind: Kind): string {
  const [first, second] = found;
  if (first === undefined) throw unknown(kind);
  if (second === undefined) return first.id;
  throw new Complaint("conflict", `${found.length} ${kind.several} are called ${meant}`, {
    code: "ambiguous_name",
    why: `they are ${found.map(({ id }) => id).join(", ")}`,
    remedy: `give the id of one of them; ${kind.list} tells them apart`,
  });
}
