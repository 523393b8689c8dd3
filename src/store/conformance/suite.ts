/**
 * What every store must do, races included, whatever it is made of. A store passes by running `storeConformance` in
 * its tests; there are no mocks of stores anywhere else.
 */
import { apiTokenConformance } from "./api-tokens.ts";
import { applicationConformance } from "./applications.ts";
import { authKeyConformance } from "./auth-keys.ts";
import { noticeConformance } from "./notices.ts";
import { peopleConformance } from "./people.ts";
import { sessionConformance } from "./sessions.ts";
import type { StoreUnderTest } from "./world.ts";

export function storeConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  sessionConformance(name, open);
  peopleConformance(name, open);
  authKeyConformance(name, open);
  apiTokenConformance(name, open);
  applicationConformance(name, open);
  noticeConformance(name, open);
}
