/** The products whose wire can be spoken here: prefixes of paths, names of clients, keys of the configuration. */
export const dialectNames = ["weka", "sensu", "textual", "seta", "featurebase"] as const;

export type DialectName = (typeof dialectNames)[number];
