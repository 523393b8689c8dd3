/** The names of the doors that a client can speak to; apart from the doors, since most commands need no more. */

export const doorNames = ["native", "weka"] as const;
export type DoorName = (typeof doorNames)[number];

export const isDoorName = (name: string): name is DoorName => doorNames.some((known) => known === name);

/** What a server's URL says of itself: WEKA's API is always below /api/v2. */
export const doorOf = (server: string): DoorName => (server.endsWith("/api/v2") ? "weka" : "native");
