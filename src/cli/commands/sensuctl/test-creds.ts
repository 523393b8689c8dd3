/** `sensuctl user test-creds`: whether a password is right. No session is opened, and no token is sent. */
import { command } from "../../command.ts";
import { Complaint } from "../../complaint.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { passwordFlags } from "../../password.ts";
import { refusePlainText } from "../../plain-text.ts";
import { openSensuDoor, readCluster } from "../../sensuctl/cluster.ts";
import { usage } from "../../usage.ts";
import { passwordOf } from "./configure.ts";

export const testCredentials = command({
  usage: "user test-creds NAME [--password-stdin]",
  about: "Asks the server whether a password is right. Prints nothing where it is; the exit code is 1 where it is not.",
  operands: 1,
  flags: { password: { takes: "P", about: "the product's own way, which others see in ps" }, ...passwordFlags },
  run: async ({ flags, operands: [username] }, client) => {
    if (username === undefined)
      throw usage("user test-creds needs a name", "sensuctl user test-creds NAME --password-stdin");
    const cluster = readCluster(client);
    refusePlainText(client, cluster.apiUrl, cluster.unsafeSkipVerify);
    const password = await passwordOf(client, flags, `Password of ${username} at ${cluster.apiUrl}: `);
    const answer = await (await openSensuDoor(client, cluster)).test({ username, password });
    if (answer.ok) {
      client.voice.answer({ json: { username, valid: true } });
      return exitCode("done");
    }
    if (answer.code !== "invalid_credentials") throw refusal(`cannot test the credentials of ${username}`, answer);
    // The product's exit code, by which its scripts decide.
    throw new Complaint("failed", `the credentials of ${username} are not right`, {
      code: answer.code,
      status: answer.status,
      requestId: answer.requestId,
    });
  },
});
