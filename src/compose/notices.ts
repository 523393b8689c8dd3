/** Notices of a running server: which couriers it has by its configuration, and what is told of their work. */
import { readCourierFile, readSecretFile } from "../couriers/secret-file.ts";
import type { Config } from "../config.ts";
import { noticeChannels, type NoticeChannel } from "../core/notice.ts";
import { millis } from "../core/units.ts";
import type { Courier } from "../engine/courier.ts";
import { notices, type Notices, type NoticesDeps, type NoticeTrouble } from "../engine/notices.ts";
import type { Store } from "../engine/ports.ts";
import type { Log } from "./log.ts";

export interface NoticesOptions extends Pick<NoticesDeps, "clock" | "chance" | "meter"> {
  readonly store: NoticesDeps["store"] & Pick<Store, "openNoticeChannels">;
  readonly config: Config;
  readonly log: Pick<Log, "warn">;
  /** The instance's issuer: who talks. */
  readonly issuer: string;
}

/** Between two rounds. */
export const noticeRound = millis(5000);

/** For one mail; relays look up names and lists before they greet. */
const mailLimit = millis(15_000);

/** For one call of the webhook. */
const webhookLimit = millis(5000);

const troubles: Readonly<Record<NoticeTrouble["kind"], string>> = {
  failing: "notices cannot be delivered for now; they wait and are tried again",
  given_up: "notices were refused, or could not be delivered for three days, and are given up",
  dropped: "there is no room for more notices; these were dropped, and warnings wait",
};

/** Couriers are loaded where they are used: a start without them does not wait for their libraries. */
async function couriersOf({ config, issuer, clock }: NoticesOptions): Promise<ReadonlyMap<NoticeChannel, Courier>> {
  const couriers = new Map<NoticeChannel, Courier>();
  const { "mail.server": relay, "mail.from": from, "mail.user": user, "webhook.url": url } = config;
  const { "mail.password_file": password, "mail.ca_certificate": authorities, "webhook.secret_file": secret } = config;
  if (relay !== null && from !== null) {
    const { mailCourier } = await import("../couriers/mail.ts");
    couriers.set(
      "mail",
      mailCourier({
        relay,
        from,
        issuer,
        tls: config["mail.tls"],
        authorities: authorities && readCourierFile(authorities, "mail.ca_certificate"),
        login:
          user === null || password === null
            ? null
            : { user, password: readSecretFile(password, "mail.password_file") },
        limit: mailLimit,
      }),
    );
  }
  if (url !== null && secret !== null) {
    const { readWebhookSecret, webhookCourier } = await import("../couriers/webhook.ts");
    couriers.set(
      "webhook",
      webhookCourier({ url, secret: readWebhookSecret(secret), issuer, now: clock.now, limit: webhookLimit }),
    );
  }
  return couriers;
}

export async function openNotices(options: NoticesOptions): Promise<Notices> {
  const { store, clock, chance, meter, log } = options;
  const couriers = await couriersOf(options);
  const opened = notices({
    store,
    clock,
    chance,
    meter,
    couriers,
    onTrouble: ({ kind, ...trouble }) => log.warn(troubles[kind], { event: `notices_${kind}`, ...trouble }),
  });
  const removed = await store.openNoticeChannels({ channels: noticeChannels.filter((name) => couriers.has(name)) });
  if (removed > 0)
    log.warn("notices waited for a channel that is no longer configured, and were removed", { count: removed });
  return opened;
}
