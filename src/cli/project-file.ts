/**
 * `.jeton.json` of a project: which server, or which profile, is meant in this folder and below. It comes with whatever
 * was checked out, so it chooses among the user's sign-ins and can never have a token sent to a server of its own choice.
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { Complaint } from "./complaint.ts";

export interface Project {
  readonly file: string;
  readonly server: string | undefined;
  readonly profile: string | undefined;
}

const optional = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** The nearest one, from `folder` upwards. */
export function readProject(folder: string): Project | undefined {
  const file = join(folder, ".jeton.json");
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return parse(file);
  const above = dirname(resolve(folder));
  return above === resolve(folder) ? undefined : readProject(above);
}

function parse(file: string): Project {
  const wrong = (cause?: unknown): Complaint =>
    new Complaint(
      "usage",
      `${file} is not an object of JSON with server or profile in it`,
      { code: "usage" },
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw wrong(cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong();
  const { server, profile } = value as Readonly<Record<string, unknown>>;
  return { file, server: optional(server), profile: optional(profile) };
}
