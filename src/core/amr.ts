/** How somebody proved who they are: a session's `amr`, names of methods (RFC 8176) with one space between two. */

/** A password. */
export const byPassword = "pwd";

/** A signature: proof of possession of a key that software keeps. */
export const byKey = "swk";

export type Method = typeof byPassword | typeof byKey;

export const has = (amr: string, method: Method): boolean => amr.split(" ").includes(method);
