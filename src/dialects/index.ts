/** The dialects that this server speaks. */
import type { Dialect } from "./dialect.ts";
import { sensu } from "./sensu.ts";

export const dialects: readonly Dialect[] = [sensu];
