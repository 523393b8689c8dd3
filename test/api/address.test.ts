/** Whose address the access log names. The rule itself is tested with src/http/peer.ts; here it is the whole way. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { authority } from "../authority.ts";

describe("N: whose address is written down", () => {
  const asked: readonly (readonly [
    title: string,
    proxies: string,
    peer: string,
    headers: Readonly<Record<string, string>>,
    address: string,
  ])[] = [
    ...[
      "x-forwarded-for",
      "x-real-ip",
      "true-client-ip",
      "cf-connecting-ip",
      "x_forwarded_for",
      "x-client-ip",
      "client-ip",
    ].map(
      (name) =>
        [
          `N-01: a direct client that sends ${name} is written down by its own address`,
          "",
          "198.51.100.7",
          { [name]: "127.0.0.1" },
          "198.51.100.7",
        ] as const,
    ),
    ["N-01: Forwarded is not believed either", "", "198.51.100.7", { forwarded: "for=127.0.0.1" }, "198.51.100.7"],
    [
      "N-01: a client that is no trusted proxy is not believed",
      "10.0.0.0/8",
      "198.51.100.7",
      { "x-forwarded-for": "10.0.0.1" },
      "198.51.100.7",
    ],
    [
      "N-02: the address that the proxy appended counts",
      "10.0.0.0/8",
      "10.0.0.1",
      { "x-forwarded-for": "203.0.113.9" },
      "203.0.113.9",
    ],
    [
      "N-02: what the client wrote before it does not",
      "10.0.0.0/8",
      "10.0.0.1",
      { "x-forwarded-for": "127.0.0.1, 10.0.0.7, 203.0.113.9" },
      "203.0.113.9",
    ],
    [
      "N-02: trusted proxies in a row are passed over",
      "10.0.0.0/8",
      "10.0.0.1",
      { "x-forwarded-for": "203.0.113.9, 10.0.0.3, 10.0.0.2" },
      "203.0.113.9",
    ],
    [
      "N-02: what is no address makes it the proxy itself",
      "10.0.0.0/8",
      "10.0.0.1",
      { "x-forwarded-for": "203.0.113.9, unknown" },
      "10.0.0.1",
    ],
    [
      "N-02: a port after the address is left out",
      "10.0.0.0/8",
      "10.0.0.1",
      { "x-forwarded-for": "203.0.113.9:4711" },
      "203.0.113.9",
    ],
    [
      "N-02: IPv6 in brackets and in long form is one address",
      "fd00::/8",
      "fd00::1",
      { "x-forwarded-for": "[2001:0DB8:0:0::1]:443" },
      "2001:db8::1",
    ],
    [
      "N-02: IPv4 inside IPv6 is IPv4, on both sides",
      "10.0.0.0/8",
      "::ffff:10.0.0.1",
      { "x-forwarded-for": "::ffff:203.0.113.9" },
      "203.0.113.9",
    ],
    [
      "N-02: a thousand hops are not followed",
      "10.0.0.0/8",
      "10.0.0.1",
      { "x-forwarded-for": "10.0.0.2, ".repeat(999) + "10.0.0.3" },
      "10.0.0.1",
    ],
    [
      "N-02: a thousand hops before the client change nothing",
      "10.0.0.0/8",
      "10.0.0.1",
      { "x-forwarded-for": `${"1.2.3.4, ".repeat(999)}203.0.113.9` },
      "203.0.113.9",
    ],
    [
      "N-02: the other headers are not believed from a proxy either",
      "10.0.0.0/8",
      "10.0.0.1",
      { "x-real-ip": "203.0.113.9", forwarded: "for=203.0.113.9" },
      "10.0.0.1",
    ],
    [
      "N-03: nobody is trusted by default, not even this machine",
      "",
      "127.0.0.1",
      { "x-forwarded-for": "203.0.113.9" },
      "127.0.0.1",
    ],
    ["N-03: nor a private network", "", "10.0.0.1", { "x-forwarded-for": "203.0.113.9" }, "10.0.0.1"],
  ];
  for (const [title, proxies, address, headers, expected] of asked) {
    test(title, async () => {
      const jeton = await authority({
        settings: proxies === "" ? {} : { trusted_proxies: proxies },
        unfurnished: true,
      });
      await jeton.ask("/healthz", { headers, address });
      const line = jeton.logged().trimEnd().split("\n").at(-1)!;
      assert.equal((JSON.parse(line) as { address: string }).address, expected);
      await jeton.close();
    });
  }
});
