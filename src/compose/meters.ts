/** What is counted, under which names: docs for monitoring read it from here, and so does `/metrics`. */
import type { Meter } from "../engine/meter.ts";
import type { NoticeMeter, NoticeResult } from "../engine/notices.ts";
import type { RefreshAlarm } from "../engine/refresh.ts";
import { warningDays } from "../core/api-token-warning.ts";
import { noticeChannels } from "../core/notice.ts";
import type { AppMeter } from "../http/app.ts";
import { countBy, counters, exposition, histogram, read, type Cell, type Distribution } from "../http/metrics.ts";
import { shedOrder, type RateClass, type ShedClass } from "../http/route.ts";
import type { TokenKeys } from "../keys/token-keys.ts";
import type { GroupReport, Pulse } from "../store/group-commit.ts";
import type { Seconds } from "../core/units.ts";

/** What others keep and a scrape reads. */
export interface Gauges {
  readonly version: string;
  readonly runtime: { readonly name: string; readonly version: string };
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly now: () => Seconds;
  readonly memory: () => number;
  readonly pulse: Pick<Pulse, "waiting">;
  readonly hashes: () => { readonly working: number; readonly waiting: number };
  readonly atWork: () => number;
  readonly lostLines: () => number;
  /** Notices that wait for their delivery. */
  readonly noticesWaiting: () => number;
  readonly census: TokenKeys["census"];
  /** Undefined without TLS. */
  readonly tlsExpiresAt: () => Seconds | undefined;
}

export interface Meters extends Meter, AppMeter, NoticeMeter {
  readonly alarmed: (kind: RefreshAlarm["kind"]) => void;
  readonly sessionEnded: () => void;
  readonly hashed: (milliseconds: number) => void;
  readonly committed: (report: GroupReport) => void;
  readonly late: (milliseconds: number) => void;
  readonly stalled: () => void;
  readonly shed: (shed: ShedClass) => void;
  readonly handshakeFailed: () => void;
  /** The whole document; `/metrics` is the only one who asks. */
  readonly text: (gauges: Gauges) => string;
}

const rates = ["login", "token", "read", "write", "public"] as const satisfies readonly RateClass[];
const noticeResults = ["delivered", "retried", "given_up", "dropped"] as const satisfies readonly NoticeResult[];
const classes = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

const brief = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const lateness = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export function openMeters(): Meters {
  const requests = counters(
    "jeton_requests_total",
    "Requests by declared route, method and class of the answer's status.",
  );
  const durations = histogram(
    "jeton_request_duration_seconds",
    "From a request's head to its answer, by rate class.",
    brief,
  );
  const signIns = countBy("jeton_sign_ins_total", "Sign-ins by password.", "result", [
    "granted",
    "refused",
    "throttled",
    "busy",
  ]);
  const refreshes = countBy(
    "jeton_refreshes_total",
    "Refreshes by what was done, or why there were no tokens.",
    "result",
    ["advance", "repeat", "keep", "unproven", "reuse", "expired", "over"],
  );
  const ended = countBy(
    "jeton_sessions_ended_total",
    "Sessions ended one by one: by a logout, or by their id, by whom.",
    "by",
    ["request", "refresh_reuse", "database_went_back"],
  );
  const groups = countBy("jeton_store_groups_total", "Commit groups by their outcome.", "outcome", [
    "committed",
    "unavailable",
    "failed",
    "fatal",
  ]);
  const groupSize = histogram("jeton_store_group_size", "Intents in one commit group.", sizes);
  const groupTime = histogram(
    "jeton_store_group_duration_seconds",
    "A commit group, from its order to its answer.",
    brief,
  );
  const hashTime = histogram(
    "jeton_password_check_duration_seconds",
    "A password's check, the wait for its turn included.",
    brief,
  );
  const lag = histogram("jeton_event_loop_lag_seconds", "How late the beats of the event loop were.", lateness);
  const stalls = counters("jeton_stalls_total", "How often nobody was answered for more than two seconds.");
  const shed = countBy("jeton_shed_requests_total", "Requests refused under overload, by class.", "class", shedOrder);

  const handshakes = counters(
    "jeton_tls_handshakes_failed_total",
    "Connections that ended before TLS was agreed: plain HTTP, old versions, no good client certificate.",
  );

  const warnings = counters(
    "jeton_api_token_warnings_total",
    "API tokens whose owners were warned of their end, by days.",
  );
  const warningsBy = new Map(warningDays.map((stage) => [stage, warnings.with({ days: String(stage) })]));
  const noticed = counters("jeton_notices_total", "Notices by channel and by what became of them.");
  const noticedBy = new Map(
    noticeChannels.flatMap((channel) =>
      noticeResults.map((result) => [`${channel} ${result}`, noticed.with({ channel, result })] as const),
    ),
  );

  const anySize = groupSize.with({});
  const anyGroup = groupTime.with({});
  const anyHash = hashTime.with({});
  const anyLag = lag.with({});
  const stall = stalls.with({});
  const handshake = handshakes.with({});
  const byRate = Object.fromEntries(rates.map((rate) => [rate, durations.with({ class: rate })])) as Record<
    RateClass,
    Distribution
  >;
  let longestLag = 0;

  // A path that was declared, or the one stand-in; a method that exists; a class: so the number of series is bounded by
  // the declarations, whatever is asked.
  const routes = new Map<string | null, Map<string, Cell[]>>();
  const cellOf = (route: string | null, method: string, status: number): Cell => {
    const named = methods.has(method) ? method : "other";
    let byMethod = routes.get(route);
    if (byMethod === undefined) routes.set(route, (byMethod = new Map<string, Cell[]>()));
    let cells = byMethod.get(named);
    if (cells === undefined) byMethod.set(named, (cells = []));
    const at = Math.min(Math.max(Math.trunc(status / 100), 1), 5) - 1;
    return (cells[at] ??= requests.with({ route: route ?? "(none)", method: named, status: classes[at]! }));
  };

  return {
    answered: (route, method, status, rate, milliseconds) => {
      cellOf(route, method, status).value += 1;
      if (rate !== null) byRate[rate].observe(milliseconds / 1000);
    },
    signedIn: signIns.add,
    refreshed: refreshes.add,
    alarmed: ended.add,
    sessionEnded: () => ended.add("request"),
    hashed: (milliseconds) => anyHash.observe(milliseconds / 1000),
    committed: ({ size, outcome, milliseconds }) => {
      groups.add(outcome);
      anySize.observe(size);
      anyGroup.observe(milliseconds / 1000);
    },
    late: (milliseconds) => {
      anyLag.observe(milliseconds / 1000);
      longestLag = Math.max(longestLag, milliseconds);
    },
    stalled: () => {
      stall.value += 1;
    },
    shed: shed.add,
    handshakeFailed: () => {
      handshake.value += 1;
    },
    warned: (stage) => {
      warningsBy.get(stage)!.value += 1;
    },
    noticed: (channel, result, count) => {
      noticedBy.get(`${channel} ${result}`)!.value += count;
    },
    text: (gauges) => {
      const tlsExpiresAt = gauges.tlsExpiresAt();
      const { working, waiting } = gauges.hashes();
      const { states, nextAt } = gauges.census(gauges.now());
      const longest = longestLag / 1000;
      longestLag = 0;
      return exposition([
        read("gauge", "jeton_build_info", "Always 1; what runs here is in the labels.", () => [
          [{ version: gauges.version, runtime: gauges.runtime.name, runtime_version: gauges.runtime.version }, 1],
        ]),
        read("gauge", "process_start_time_seconds", "When this process started; seconds since 1970.", () =>
          Math.round(gauges.startedAt / 1000),
        ),
        read("gauge", "process_resident_memory_bytes", "Memory of this process.", gauges.memory),
        requests,
        durations,
        read("gauge", "jeton_requests_at_work", "Requests that have arrived and are not answered yet.", gauges.atWork),
        shed,
        signIns,
        refreshes,
        ended,
        read("gauge", "jeton_password_checks", "Password checks at work, and those that wait for their turn.", () => [
          [{ state: "working" }, working],
          [{ state: "waiting" }, waiting],
        ]),
        hashTime,
        groups,
        groupSize,
        groupTime,
        read("gauge", "jeton_store_intents_waiting", "Intents that wait for a commit group.", gauges.pulse.waiting),
        lag,
        read(
          "gauge",
          "jeton_event_loop_lag_max_seconds",
          "The latest beat since this was asked for the last time.",
          () => longest,
        ),
        stalls,
        read("counter", "jeton_log_lines_lost_total", "Log lines that could not be written.", gauges.lostLines),
        warnings,
        noticed,
        read("gauge", "jeton_notices_waiting", "Notices that wait for their delivery.", gauges.noticesWaiting),
        read("gauge", "jeton_signing_keys", "Signing keys by their state.", () =>
          Object.entries(states).map(([state, count]) => [{ state }, count]),
        ),
        // No number is told where there is none: an alarm on "less than an hour" must not ring for ever.
        ...(nextAt === undefined
          ? []
          : [
              read(
                "gauge",
                "jeton_signing_key_next_active_seconds",
                "Seconds until the next key begins to sign.",
                () => nextAt - gauges.now(),
              ),
            ]),
        ...(tlsExpiresAt === undefined
          ? []
          : [
              handshakes,
              read(
                "gauge",
                "jeton_tls_certificate_expires_seconds",
                "Seconds until the first TLS certificate in use expires.",
                () => tlsExpiresAt - gauges.now(),
              ),
            ]),
      ]);
    },
  };
}
