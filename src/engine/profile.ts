/** What a caller may see of itself beyond its tokens. */
import { granted, refused, type Outcome } from "../core/result.ts";
import type { Principal } from "./introspect.ts";
import type { Profile, Store } from "./ports.ts";

/** Refuses with `invalid_token` if the subject went away since the token was checked. */
export async function ownProfile(
  { store }: { store: Pick<Store, "findProfile"> },
  { holder }: Principal,
): Promise<Outcome<Profile>> {
  const profile = await store.findProfile(holder.subject);
  return profile === undefined ? refused("invalid_token") : granted(profile);
}
