/**
 * The five products' guides, step by step, in our own words: what each tells its reader to type or to send, and what
 * has to come of it. A step that is not run says why. Everything happens against `jeton serve --demo --guides`, at the
 * guides' own addresses and with their own accounts.
 */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";

import { claimsOf } from "../authority.ts";
import type { Reader } from "./reader.ts";

export type Guide = "WEKA" | "Sensu" | "Textual" | "SeTA" | "FeatureBase";

export interface Step {
  readonly guide: Guide;
  /** What the guide tells its reader to do. */
  readonly step: string;
  /** Does it and tells what came back, in a few words; or why it is not done here. */
  readonly run: ((reader: Reader) => Promise<string>) | { readonly not: string };
}

const lives = (token: string): number => {
  const { iat, exp } = claimsOf(token) as { iat: number; exp: number };
  return exp - iat;
};

/** A call that has to be answered so; its body as JSON. */
async function json<T>(asked: Promise<Response>, status = 200): Promise<T> {
  const response = await asked;
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text) as T;
}

const noApiTokens = "no such word at WEKA's own address; `jeton user generate-token` makes one at Jeton's";
const noConsole = "the console is not there yet; `weka user revoke-tokens` does the same";

interface WekaTokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
}

const weka: readonly Step[] = [
  {
    guide: "WEKA",
    step: "`weka user login`: the token file ~/.weka/auth-token.json holds both tokens",
    run: async (reader) => {
      await reader.good("weka user login bob --password-stdin", reader.password);
      const file = reader.home(".weka/auth-token.json");
      const tokens = JSON.parse(readFileSync(file, "utf8")) as WekaTokens;
      assert.deepEqual(Object.keys(tokens).toSorted(), ["access_token", "refresh_token", "token_type"]);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const me = await reader.fetch("http://127.0.0.1:14000/api/v2/users/whoami", { token: tokens.access_token });
      assert.equal(me.status, 200);
      return "exit 0, file with three keys, its token is accepted";
    },
  },
  {
    guide: "WEKA",
    step: "POST /login: both tokens in the answer's body; five minutes and one month",
    run: async (reader) => {
      const { data } = await json<{ data: WekaTokens & { expires_in: number } }>(
        reader.fetch("http://127.0.0.1:14000/api/v2/login", {
          body: { username: "bob", password: reader.password, org: "Root" },
        }),
      );
      assert.equal(data.expires_in, 300);
      assert.equal(lives(data.refresh_token), 30 * 86_400);
      return "200, expires_in 300";
    },
  },
  {
    guide: "WEKA",
    step: "use the refresh token for new access tokens",
    run: async (reader) => {
      const { refresh_token } = JSON.parse(readFileSync(reader.home(".weka/auth-token.json"), "utf8")) as WekaTokens;
      const asked = reader.fetch("http://127.0.0.1:14000/api/v2/login/refresh", { body: { refresh_token } });
      const { data } = await json<{ data: WekaTokens }>(asked);
      assert.notEqual(data.refresh_token, refresh_token);
      return "200, both new";
    },
  },
  { guide: "WEKA", step: "signed-in user menu, API Token, Generate", run: { not: noApiTokens } },
  { guide: "WEKA", step: "signed-in user menu, API Token, Revoke Tokens", run: { not: noConsole } },
  { guide: "WEKA", step: "`weka user generate-token [--access-token-timeout TIMEOUT]`", run: { not: noApiTokens } },
  {
    guide: "WEKA",
    step: "`weka user revoke-tokens`: access and refresh tokens are no longer accepted",
    run: async (reader) => {
      await reader.good("weka user login bob --password-stdin", reader.password);
      const file = reader.home(".weka/auth-token.json");
      const { access_token, refresh_token } = JSON.parse(readFileSync(file, "utf8")) as WekaTokens;
      await reader.good("weka user revoke-tokens");
      const who = await reader.fetch("http://127.0.0.1:14000/api/v2/users/whoami", { token: access_token });
      assert.equal(who.status, 401);
      await json(reader.fetch("http://127.0.0.1:14000/api/v2/login/refresh", { body: { refresh_token } }), 401);
      return "exit 0, then 401 for both";
    },
  },
];

interface SensuTokens {
  readonly access_token: string;
  readonly expires_at: number;
  readonly refresh_token: string;
}

const sensuLogin = "curl -s -X GET http://127.0.0.1:8080/auth -u myusername:mypassword";

const sensu: readonly Step[] = [
  {
    guide: "Sensu",
    step: "`curl -X GET http://127.0.0.1:8080/auth -u myusername:mypassword`",
    run: async (reader) => {
      const tokens = JSON.parse(await reader.good(sensuLogin)) as SensuTokens;
      assert.deepEqual(Object.keys(tokens), ["access_token", "expires_at", "refresh_token"]);
      assert.equal(claimsOf(tokens.access_token)["exp"], tokens.expires_at);
      assert.equal(lives(tokens.access_token), 900);
      return "200, three members, 15 minutes";
    },
  },
  {
    guide: "Sensu",
    step: "credentials that are not valid",
    run: async (reader) => {
      const status = "-o /dev/null -w '%{http_code}'";
      assert.equal(await reader.good(`curl -s ${status} http://127.0.0.1:8080/auth -u myusername:other`), "401");
      return "401";
    },
  },
  {
    guide: "Sensu",
    step: "a token that is expired or otherwise not good: 401 from the API",
    run: async (reader) => {
      const { access_token } = JSON.parse(await reader.good(sensuLogin)) as SensuTokens;
      const api = `${reader.url}/api/v1/me`;
      assert.equal((await reader.fetch(api, { token: access_token })).status, 200);
      assert.equal((await reader.fetch(api, { token: `${access_token.slice(0, -4)}AAAA` })).status, 401);
      return "200 while it is good, else 401";
    },
  },
  {
    guide: "Sensu",
    step: "POST /auth/token with the access token and the refresh token: a new access token",
    run: async (reader) => {
      const { access_token, refresh_token } = JSON.parse(await reader.good(sensuLogin)) as SensuTokens;
      const asked = reader.fetch("http://127.0.0.1:8080/auth/token", { token: access_token, body: { refresh_token } });
      assert.notEqual((await json<SensuTokens>(asked)).access_token, access_token);
      return "200, a new access token";
    },
  },
  {
    guide: "Sensu",
    step: "an error of the server: 500",
    run: { not: "a healthy server makes none; what a full disk or a dead store is answered with has tests of its own" },
  },
];

interface TextualTokens {
  readonly jwt: string;
  readonly refreshToken: string;
}

const textualLogin = { userName: "jdoe@company.com", password: "MyPassword123!" };

const textual: readonly Step[] = [
  {
    guide: "Textual",
    step: "POST /api/auth/login with userName and password: jwt and refreshToken; 30 and 10,000 minutes",
    run: async (reader) => {
      const asked = reader.fetch("http://127.0.0.1:9002/api/auth/login", { body: textualLogin });
      const { jwt, refreshToken } = await json<TextualTokens>(asked);
      assert.deepEqual([lives(jwt), lives(refreshToken)], [30 * 60, 10_000 * 60]);
      return "200, jwt and refreshToken";
    },
  },
  {
    guide: "Textual",
    step: "POST /api/auth/token_refresh with refreshToken: both new",
    run: async (reader) => {
      const first = await json<TextualTokens>(
        reader.fetch("http://127.0.0.1:9002/api/auth/login", { body: textualLogin }),
      );
      const { refreshToken } = first;
      const second = await json<TextualTokens>(
        reader.fetch("http://127.0.0.1:9002/api/auth/token_refresh", { body: { refreshToken } }),
      );
      assert.notEqual(second.jwt, first.jwt);
      assert.notEqual(second.refreshToken, refreshToken);
      return "200, both new";
    },
  },
  {
    guide: "Textual",
    step: "SOLAR_JWT_EXPIRATION_IN_MINUTES and SOLAR_REFRESH_TOKEN_EXPIRATION_IN_MINUTES set the lives",
    run: async (reader) => {
      const environment = { SOLAR_JWT_EXPIRATION_IN_MINUTES: "7", SOLAR_REFRESH_TOKEN_EXPIRATION_IN_MINUTES: "90" };
      await using other = await reader.serve(["--demo"], environment);
      const body = { userName: "bob", password: reader.password };
      const asked = reader.fetch(`${other.url}/textual/api/auth/login`, { body });
      const { jwt, refreshToken } = await json<TextualTokens>(asked);
      assert.deepEqual([lives(jwt), lives(refreshToken)], [7 * 60, 90 * 60]);
      return "7 and 90 minutes";
    },
  },
];

const featurebaseCall = (reader: Reader): string =>
  `featurebase auth-token --host https://localhost:10101 --tls.ca-certificate ${reader.ca} --username bob --password-stdin`;

const featurebase: readonly Step[] = [
  {
    guide: "FeatureBase",
    step: "`featurebase auth-token --h`, `--help`",
    run: async (reader) => {
      for (const flag of ["-h", "--h", "--help"])
        assert.match(await reader.good(`featurebase auth-token ${flag}`), /--host[^]*--tls\.certificate/);
      return "exit 0, the flags";
    },
  },
  {
    guide: "FeatureBase",
    step: "`featurebase auth-token --host https://localhost:10101` with the TLS flags: both tokens",
    run: async (reader) => {
      const printed = await reader.good(featurebaseCall(reader), reader.password);
      assert.match(printed, /^\nauth-token: eyJ[\w-]+\.[\w-]+\.[\w-]+\n\nrefresh-token: eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
      return "exit 0, two lines";
    },
  },
  {
    guide: "FeatureBase",
    step: "the auth-token authenticates at the HTTPS API",
    run: async (reader) => {
      const [, token] = /^auth-token: (\S+)$/m.exec(await reader.good(featurebaseCall(reader), reader.password)) ?? [];
      const call = `curl -s --cacert ${reader.ca} -H @- https://localhost:10101`;
      const header = `Authorization: Bearer ${token}`;
      assert.equal(await reader.good(`${call}/auth`, header), "OK");
      assert.equal((JSON.parse(await reader.good(`${call}/userinfo`, header)) as { username: string }).username, "bob");
      return "200 at /auth and /userinfo";
    },
  },
  ...["gRPC API", "backup", "restore", "Grafana connector"].map((step): Step => ({
    guide: "FeatureBase",
    step: `use the auth-token with the ${step}`,
    run: { not: "a part of FeatureBase itself, which asks Jeton as in the step before" },
  })),
  {
    guide: "FeatureBase",
    step: "copy the tokens out of the web interface's cookies",
    run: { not: "the web interface is FeatureBase's; its cookies have tests of their own" },
  },
];

const makeKey = "ssh-keygen -q -m PEM -t rsa -b 3072 -N '' -f rsa-key.private";

const seta: readonly Step[] = [
  {
    guide: "SeTA",
    step: "store the public authentication key (in the profile's web page)",
    run: async (reader) => {
      await reader.good(makeKey);
      await reader.good(`jeton login --server ${reader.url} --username bob --password-stdin`, reader.password);
      await reader.good("jeton key add rsa-key.private.pub");
      assert.match(await reader.good("jeton key list"), /SHA256:/);
      return "exit 0, by `jeton key add`";
    },
  },
  {
    guide: "SeTA",
    step: "the Python program: sign a message, POST /token, call /corpus with the token",
    run: async (reader) => {
      const { searched, again } = await reader.searched();
      const [found, expired] = searched;
      assert.equal(found?.[0], 200);
      assert.equal(expired?.[0], 401);
      assert.equal(again[0], 403);
      return "200 and 200; 401 at /corpus after an hour; 403 for the same signed message";
    },
  },
  {
    guide: "SeTA",
    step: "POST /token/refresh with the original refresh token as bearer",
    run: async (reader) => {
      const { refreshed, searched_again: last } = await reader.searched();
      assert.deepEqual([refreshed, last[0]], [[200, true], 200]);
      return "200, the same refresh token, and /corpus again 200";
    },
  },
  {
    guide: "SeTA",
    step: "the same for an application made in the profile's web page",
    run: { not: "an application is made by `jeton app create`; its sign-in at this door has a test of its own" },
  },
];

export const steps: readonly Step[] = [...weka, ...sensu, ...textual, ...seta, ...featurebase];
