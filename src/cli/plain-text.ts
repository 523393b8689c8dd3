/** Secrets that would travel in plain text. */
import type { Client } from "./client.ts";
import { usage } from "./usage.ts";

const isHere = (server: string): boolean =>
  /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::|\/|$)/.test(server);

/** Before a secret is asked for: over plain HTTP it goes to this machine only, unless somebody insists. */
export function refusePlainText(
  { voice, flags }: Client,
  server: string,
  insists: boolean = flags["tls.skip-verify"] ?? false,
): void {
  if (!server.startsWith("http:") || isHere(server)) return;
  const danger = `${server} is not encrypted: whoever is on the way reads your password and tokens`;
  if (!insists) throw usage(danger, "name it with https://, or add --insecure where nobody is on the way");
  voice.warn(danger);
}
