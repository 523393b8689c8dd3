/** How somebody proved who they are: a session's `amr`, names of methods (RFC 8176) with one space between two. */

/** A password. */
export const byPassword = "pwd";

/** A signature: proof of possession of a key that software keeps. */
export const byKey = "swk";

/** A client secret. RFC 8176 has no name for it; RFC 7591 section 2 calls what sends it so. */
export const bySecret = "client_secret";

export type Method = typeof byPassword | typeof byKey | typeof bySecret;

export const has = (amr: string, method: Method): boolean => amr.split(" ").includes(method);
