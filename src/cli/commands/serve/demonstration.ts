/** `jeton serve --demo` and `--demo --guides`: what is different about a server whose data is thrown away. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeDemoAuthority, type DemoAuthority } from "../../../compose/demo-authority.ts";
import { demoPassword } from "../../../compose/demo.ts";
import { guideAccounts, guidePlaces } from "../../../compose/guides.ts";
import { configuredPlaces } from "../../../compose/places.ts";
import type { RunningServer, ServerOptions } from "../../../compose/server.ts";
import { systemClock } from "../../../compose/system.ts";
import type { Config, LoadedConfig } from "../../../config.ts";

export interface Demonstration extends Pick<ServerOptions, "config" | "places" | "demo"> {
  /** Null: without the guides. */
  readonly authority: DemoAuthority | null;
}

/** Throw-away data, in a folder that is gone with the process. */
export async function demonstration(
  { config: given, settings }: LoadedConfig,
  guides: boolean,
): Promise<Demonstration> {
  const data = mkdtempSync(join(tmpdir(), "jeton-demo-"));
  // Also when the process is told twice to stop, or ends because the disk failed.
  process.once("exit", () => rmSync(data, { recursive: true, force: true }));
  const saidSo = settings.some(({ name, origin }) => name === "log.format" && origin !== "default");
  const config: Config = {
    ...given,
    data,
    master_key_file: null,
    "log.format": saidSo ? given["log.format"] : "text",
  };
  if (!guides) return { config, places: configuredPlaces(config), demo: "people", authority: null };
  const authority = await makeDemoAuthority(data, systemClock.now());
  return { config, places: guidePlaces(config, authority), demo: "guides", authority };
}

/** For whoever has just started one: what there is, and what to type next. */
export function whatToTry({ url, dialects }: RunningServer, authority: DemoAuthority | null): string {
  const login = `{"username":"bob","password":"${demoPassword}"}`;
  return [
    "",
    "  A demonstration: the data is deleted when the server stops.",
    `  People: ada (admin), bob (member), eve (disabled). Password of each: ${demoPassword}`,
    "",
    "  Sign in:",
    `    curl -s ${url}/api/v1/login -H 'content-type: application/json' -d '${login}'`,
    "  The same, as a Sensu client does it:",
    `    curl -s -u bob:'${demoPassword}' ${dialects.get("sensu")}/auth`,
    "  The whole API:",
    `    curl -s ${url}/openapi.json`,
    ...(authority === null ? [] : guidesToFollow(dialects, authority)),
    "",
    "",
  ].join("\n");
}

function guidesToFollow(dialects: RunningServer["dialects"], { ca }: DemoAuthority): readonly string[] {
  const [sensu, textual] = guideAccounts;
  const at = (name: string): string => (dialects.get(name) ?? "").padEnd(24);
  return [
    "",
    "  The products' guides work as they are printed; the people above may sign in at each, and those of the guides:",
    `    WEKA         ${at("weka")}  weka user login`,
    `    Sensu        ${at("sensu")}  ${sensu.username}, ${sensu.password}`,
    `    Textual      ${at("textual")}  ${textual.emails[0]}, ${textual.password}`,
    `    SeTA         ${at("seta")}  export REQUESTS_CA_BUNDLE=${ca}`,
    `    FeatureBase  ${at("featurebase")}  featurebase auth-token --tls.ca-certificate ${ca}`,
    "  The commands weka, featurebase and sensuctl are links: bin/jeton setup shims DIR",
  ];
}
