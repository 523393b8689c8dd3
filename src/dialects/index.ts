/** The dialects that this server speaks, by name. */
import type { DialectName } from "../core/dialect-names.ts";
import type { Dialect } from "./dialect.ts";
import { featurebase } from "./featurebase.ts";
import { sensu } from "./sensu.ts";
import { seta } from "./seta.ts";
import { textual } from "./textual.ts";
import { weka } from "./weka.ts";

export const dialects: Readonly<Record<DialectName, Dialect>> = { weka, sensu, textual, seta, featurebase };
