/** What every list of the native API takes and answers: a limit and a cursor, items and the next cursor. */
import { z } from "zod";

import { parseId, type SessionId } from "../core/ids.ts";

const usualPage = 50;

/** A parameter that is not declared is refused: a caller who sorts or filters must not believe that it worked. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^(?:[1-9]|[1-9]\d|1\d\d|200)$/, "a whole number from 1 to 200")
    .transform(Number)
    .optional()
    .meta({ description: `Items on a page: 1 to 200, ${usualPage} when left out.` }),
  cursor: z.string().min(1).max(200).optional().meta({ description: "`next_cursor` of the page before." }),
};

export const pageOf = ({ limit, cursor }: { limit?: number | undefined; cursor?: string | undefined }) => ({
  limit: limit ?? usualPage,
  cursor,
});

export const pageSchema = <Item extends z.ZodType>(id: string, item: Item) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() }).meta({ id });

/** An id in the one form that we write; what is none is the id of nothing. */
export const idSchema = <Id extends string>() =>
  z
    .string()
    .transform((text, context): Id => {
      const id = parseId<SessionId>(text);
      if (id !== undefined) return id as string as Id;
      context.addIssue({ code: "custom", message: "an id, such as 01920000-0000-7000-8000-000000000000" });
      return z.NEVER;
    })
    .meta({ type: "string", format: "uuid" });

export const time = z.iso.datetime();

export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
