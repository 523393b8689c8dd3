/** What browsers say of who makes them ask (W3C Fetch Metadata). A page cannot change it; other clients say nothing. */

/**
 * Whether a page of somebody else is asking (section 2.3). A neighbour on the same site is somebody else too: browsers
 * send it the cookies, and who may have a subdomain is not who may sign people out. `none`: the person did it.
 */
export function isFromElsewhere(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}
