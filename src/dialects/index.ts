/** The dialects that this server speaks, by name. */
import type { DialectName } from "../core/dialect-names.ts";
import type { Dialect } from "./dialect.ts";
import { sensu } from "./sensu.ts";
import { textual } from "./textual.ts";

export const dialects: Readonly<Record<DialectName, Dialect>> = { sensu, textual };
