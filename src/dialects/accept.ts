/** Whether a client takes JSON for an answer (RFC 9110 section 12.5.1). */

/** From the most specific on, which alone decides. The second is of no RFC; clients of products send it. */
const rangesOfJson = ["application/json", "*/json", "application/*", "*/*"] as const;

/** No Accept header takes everything; one that has JSON only with the weight 0 takes none. */
export function acceptsJson(accept: string | null): boolean {
  if (accept === null) return true;
  const accepted = new Map(
    accept.split(",").map((range) => {
      const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith("q="));
      return [type, weight === undefined || Number(weight.slice("q=".length)) > 0] as const;
    }),
  );
  return rangesOfJson.map((range) => accepted.get(range)).find((taken) => taken !== undefined) ?? false;
}
