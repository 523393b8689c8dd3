/** Members of a JSON object in any case, as some products read them. */
import { z } from "zod";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * An object whose members may be written in any case; those that it does not know are ignored. A member that comes twice,
 * in two spellings, could be read in two ways and is refused.
 */
export function anyCase<const Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) {
  const known = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  return z.preprocess((value, context) => {
    if (!isObject(value)) return value;
    const members: Record<string, unknown> = {};
    for (const [written, member] of Object.entries(value)) {
      const name = known.get(written.toLowerCase());
      if (name === undefined) continue;
      if (name in members) context.addIssue({ code: "custom", message: "one spelling", path: [name] });
      members[name] = member;
    }
    return members;
  }, z.object(shape));
}
