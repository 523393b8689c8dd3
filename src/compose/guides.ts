/**
 * What `--guides` adds to the demonstration, so that the five products' guides work as they are printed: a listener for
 * each at its guide's own address, and the accounts that the guides name. Those whose guide says https are under the
 * demonstration's own authority.
 */
import type { Address, Config } from "../config.ts";
import { dialectNames, type DialectName } from "../core/dialect-names.ts";
import { Secret } from "../core/secret.ts";
import type { SubjectsDeps } from "../engine/subjects.ts";
import { furnishPeople } from "./demo.ts";
import type { DemoAuthority } from "./demo-authority.ts";
import { configuredPlaces, type Places } from "./places.ts";

interface GuideListener {
  readonly address: Address;
  readonly https: boolean;
}

const at = (port: number): Address => ({ hostname: "127.0.0.1", port });

/** SeTA's guide names no port; its program stays as it is with this one in its host. */
export const guideListeners: Readonly<Record<DialectName, GuideListener>> = {
  weka: { address: at(14_000), https: false },
  sensu: { address: at(8080), https: false },
  textual: { address: at(9002), https: false },
  seta: { address: at(8443), https: true },
  featurebase: { address: at(10_101), https: true },
};

/** Accounts that guides print with their passwords. */
export const guideAccounts = [
  { username: "myusername", displayName: "Sensu's guide", emails: [], password: "mypassword" },
  { username: "jdoe", displayName: "Textual's guide", emails: ["jdoe@company.com"], password: "MyPassword123!" },
] as const;

/**
 * Every dialect at its guide's address, but for those that were given another. Where the guide says https, that is by
 * the demonstration's authority, unless TLS is configured: then every listener speaks that.
 */
export function guidePlaces(config: Config, { certificate, key }: DemoAuthority): Places {
  const { main } = configuredPlaces(config);
  const own = { certificate, key, clientAuthority: null, strict: false };
  const dialects = dialectNames.map((name) => {
    const { https, address } = guideListeners[name];
    return [name, { address: config.dialects[name].listen ?? address, tls: main.tls ?? (https ? own : null) }] as const;
  });
  return { main, dialects: new Map(dialects) };
}

export const furnishGuides = (world: SubjectsDeps): Promise<void> =>
  furnishPeople(
    world,
    guideAccounts.map(({ password, ...person }) => ({ ...person, password: new Secret(password) })),
  );
