/** The flags that every command of the client takes. */
import type { Given } from "./command.ts";

export const globalFlags = {
  server: { takes: "URL", about: "the token authority" },
  host: { takes: "URL", about: "the same", alias: "server" },
  profile: { takes: "NAME", about: "which of your sign-ins" },
  "token-file": { takes: "FILE", about: "where the tokens are kept" },
  json: { about: "answer, and complain, in JSON" },
  quiet: { about: "say nothing but the answer and what goes wrong", short: "q" },
  verbose: { about: "say what is asked of the server; never a token", short: "v" },
  "no-color": { about: "no colours" },
  "no-input": { about: "ask nothing; fail instead" },
  timeout: { takes: "TIME", about: "for a request; 30s when left out" },
  "tls.ca-certificate": { takes: "FILE", about: "the authorities that the server's certificate may come from, in PEM" },
  "ca-cert": { takes: "FILE", about: "the same", alias: "tls.ca-certificate" },
  "tls.certificate": { takes: "FILE", about: "a client certificate, in PEM" },
  cert: { takes: "FILE", about: "the same", alias: "tls.certificate" },
  "tls.key": { takes: "FILE", about: "its private key, in PEM" },
  "cert-key": { takes: "FILE", about: "the same", alias: "tls.key" },
  "tls.skip-verify": { about: "believe whoever answers: for a test, never for a token that matters" },
  insecure: { about: "the same", alias: "tls.skip-verify" },
  "tls.enable-client-verification": {
    about: "taken for FeatureBase's scripts; it is for servers, and changes nothing here",
  },
  help: { about: "tell what the command does", short: "h" },
  h: { about: "the same", alias: "help" },
} as const;

export type GlobalFlags = Given<typeof globalFlags>;
