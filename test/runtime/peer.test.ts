import assert from "node:assert/strict";
import { test } from "node:test";
import { BadProxyRange, clientAddress, throttleKey, trustNobody, trustProxies } from "../../src/http/peer.ts";
import { canonicalAddress } from "../../src/http/address.ts";
import { exchange, request } from "./raw-socket.ts";
import { serving } from "./small-server.ts";

const proxy = "10.0.0.1";
const proxies = trustProxies(["10.0.0.0/8", "192.0.2.7", "fd00::/8"]);
const manyProxies = (count: number): string =>
  Array.from({ length: count }, (_, index) => `10.0.1.${index}`).join(", ");

const forwardedCases: ReadonlyArray<readonly [what: string, forwarded: string | null, client: string]> = [
  ["no header", null, proxy],
  ["an empty header", "", proxy],
  ["one address", "198.51.100.4", "198.51.100.4"],
  ["an address that the client put in front", "127.0.0.1, 198.51.100.4", "198.51.100.4"],
  ["two headers, joined without a space", "127.0.0.1,198.51.100.4", "198.51.100.4"],
  ["a second proxy", "198.51.100.4, 10.9.9.9", "198.51.100.4"],
  ["a proxy that is named alone", "198.51.100.4, 192.0.2.7", "198.51.100.4"],
  ["a neighbour of the proxy that is named alone", "198.51.100.4, 192.0.2.8", "192.0.2.8"],
  ["proxies only", "10.2.2.2, 10.3.3.3", "10.2.2.2"],
  ["a port", "198.51.100.4:5123", "198.51.100.4"],
  ["IPv6", "2001:DB8::0:1", "2001:db8::1"],
  ["IPv6 in brackets", "[2001:db8::1]", "2001:db8::1"],
  ["IPv6 in brackets with a port", "[2001:db8::1]:443", "2001:db8::1"],
  ["a mapped address", "::ffff:198.51.100.4", "198.51.100.4"],
  ["a mapped address in hexadecimal", "::ffff:c633:6404", "198.51.100.4"],
  ["a mapped proxy", "198.51.100.4, ::ffff:10.1.1.1", "198.51.100.4"],
  ["an IPv6 proxy", "198.51.100.4, fd00::9", "198.51.100.4"],
  ["tabs and spaces", "\t198.51.100.4 \t", "198.51.100.4"],
  ["nonsense in front of the client", "evil, 198.51.100.4", "198.51.100.4"],
  ["unknown", "unknown", proxy],
  ["unknown behind a proxy", "198.51.100.4, unknown, 10.1.1.1", proxy],
  ["a hidden name", "_hidden", proxy],
  ["a name", "localhost", proxy],
  ["an address with a zone (K-09)", "fe80::1%eth0", proxy],
  ["an empty last entry", "198.51.100.4,", proxy],
  ["an octal address", "0300.0.0.1", proxy],
  ["an address as a number", "3221225985", proxy],
  ["an address of three parts", "127.0.1", proxy],
  ["quotes", '"198.51.100.4"', proxy],
  ["IPv4 in brackets", "[198.51.100.4]", proxy],
  ["a bracket that does not end", "[2001:db8::1", proxy],
  ["a port that is no number", "198.51.100.4:http", proxy],
  ["a thousand entries of the client", `${"127.0.0.1, ".repeat(1000)}198.51.100.4`, "198.51.100.4"],
  ["31 proxies", `198.51.100.4, ${manyProxies(31)}`, "198.51.100.4"],
  ["32 proxies", `198.51.100.4, ${manyProxies(32)}`, proxy],
  ["a hundred thousand commas", ",".repeat(100_000), proxy],
];

for (const [what, forwarded, client] of forwardedCases) {
  test(`N-02: behind a trusted proxy, X-Forwarded-For with ${what}: ${client}`, () => {
    assert.equal(clientAddress(proxy, forwarded, proxies), client);
  });
}

test("N-01: from a peer that is no trusted proxy, X-Forwarded-For says nothing, whatever it says", () => {
  for (const [what, forwarded] of forwardedCases) {
    assert.equal(clientAddress("198.51.100.99", forwarded, proxies), "198.51.100.99", what);
  }
});

test("N-03: without a list of proxies, X-Forwarded-For says nothing, whatever it says", () => {
  for (const [what, forwarded] of forwardedCases) {
    assert.equal(clientAddress(proxy, forwarded, trustNobody), proxy, what);
    assert.equal(clientAddress(proxy, forwarded, trustProxies([])), proxy, what);
  }
});

test("N-02: a proxy that connects over a socket for both families is the same proxy", () => {
  assert.equal(clientAddress("::ffff:10.0.0.1", "198.51.100.4", proxies), "198.51.100.4");
  assert.equal(clientAddress("::ffff:198.51.100.4", null, trustNobody), "198.51.100.4");
});

test("N-02: a range of IPv4 trusts no IPv6 address, and the other way round", () => {
  const every4 = trustProxies(["0.0.0.0/0"]);
  const every6 = trustProxies(["::/0"]);
  assert.deepEqual([every4.has("2001:db8::1"), every4.has("198.51.100.4")], [false, true]);
  assert.deepEqual([every6.has("2001:db8::1"), every6.has("198.51.100.4")], [true, false]);
});

for (const range of [
  "",
  "10.0.0.0/33",
  "10.0.0.0/",
  "10.0.0.0/-1",
  "10.0.0.0/8/8",
  "10.0.0/8",
  "fd00::/129",
  "proxy.test",
  "fe80::1%eth0/64",
  "::ffff:10.0.0.0/104",
  "10.0.0.0/08x",
  " 10.0.0.0/8",
]) {
  test(`N-03: '${range}' is no range of proxies`, () => {
    assert.throws(() => trustProxies([range]), BadProxyRange);
  });
}

const spellings: ReadonlyArray<readonly [text: string, canonical: string | undefined]> = [
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["2001:0DB8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["::FFFF:7F00:1", "127.0.0.1"],
  ["0:0:0:0:0:ffff:7f00:0001", "127.0.0.1"],
  ["::127.0.0.1", "::7f00:1"],
  ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
  ["fe80::1%lo", undefined],
  ["127.1", undefined],
  ["", undefined],
];

for (const [text, canonical] of spellings) {
  test(`K-09: the address ${text} is written ${canonical ?? "in no way"}`, () => {
    assert.equal(canonicalAddress(text), canonical);
  });
}

const keys: ReadonlyArray<readonly [address: string, key: string]> = [
  ["198.51.100.4", "198.51.100.4"],
  ["::ffff:198.51.100.4", "198.51.100.4"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
];

for (const [address, key] of keys) {
  test(`H-11: failures from ${address} count under ${key}`, () => {
    assert.equal(throttleKey(address), key);
  });
}

/** What other headers that name an address would be believed for, if anybody read them. */
const claims = [
  "Forwarded: for=192.0.2.1",
  "X-Real-IP: 192.0.2.1",
  "True-Client-IP: 192.0.2.1",
  "X_Forwarded_For: 192.0.2.1",
];

test("N-02: over a socket, two X-Forwarded-For headers are one list, and no other header counts", async () => {
  const seen: string[] = [];
  const loopback = trustProxies(["127.0.0.0/8"]);
  await using server = await serving((incoming, peer) => {
    seen.push(clientAddress(peer.address, incoming.headers.get("x-forwarded-for"), loopback));
    return new Response("done");
  });
  await exchange(
    server,
    request("GET", "/", ["X-Forwarded-For: 192.0.2.1", ...claims, "X-Forwarded-For: 198.51.100.4"]),
  );
  await exchange(server, request("GET", "/", claims));
  assert.deepEqual(seen, ["198.51.100.4", "127.0.0.1"]);
});
