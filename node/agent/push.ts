// Starts the pushes of an agent's metrics, and tells people how they go.

import type { OtlpNews } from "../metrics/otlp.ts";
import type { SenderNews } from "../metrics/remote-write-sender.ts";
import type { AgentMetrics } from "./agent-metrics.ts";
import type { Logger } from "./log.ts";
import type { CheckedOtlp } from "./otlp-config.ts";
import type { CheckedRemoteWrite } from "./remote-write-config.ts";

export interface PushIdentity {
  readonly name: string;
  readonly node: string;
  readonly zone: string;
  readonly version: string;
}

export interface Push {
  /** The last values, and no more. */
  leave(): Promise<void>;
}

/** What encodes and sends is loaded only here: an agent that pushes nothing does without. */
export async function startPushes(
  { remoteWrite, otlp }: { readonly remoteWrite: CheckedRemoteWrite | null; readonly otlp: CheckedOtlp | null },
  identity: PushIdentity,
  metrics: AgentMetrics,
  now: () => number,
  log: Logger,
): Promise<Push[]> {
  const pushes: Push[] = [];
  if (remoteWrite !== null) pushes.push(await startRemoteWrite(remoteWrite, identity, metrics, now, log));
  if (otlp !== null) pushes.push(await startOtlp(otlp, identity, metrics, now, log));
  return pushes;
}

async function startOtlp(
  config: CheckedOtlp,
  { name, node, zone, version }: PushIdentity,
  metrics: AgentMetrics,
  now: () => number,
  log: Logger,
): Promise<Push> {
  const { OtlpExport } = await import("../metrics/otlp.ts");
  const push = new OtlpExport({
    ...config,
    resource: {
      "service.name": "loadswarm",
      "service.version": version,
      "service.instance.id": name,
      "host.name": node,
      "cloud.availability_zone": zone,
    },
    collect: () => metrics.read(),
    now,
    onNews: (news) => tellOfOtlp(news, log),
    onFault: (error) => log.error({ err: error }, "metrics could not be read or encoded; the load goes on"),
  });
  metrics.ofExports.push(() => push.readings());
  return push;
}

async function startRemoteWrite(
  config: CheckedRemoteWrite,
  identity: PushIdentity,
  metrics: AgentMetrics,
  now: () => number,
  log: Logger,
): Promise<Push> {
  const { RemoteWrite } = await import("../metrics/remote-write.ts");
  const push = new RemoteWrite({
    receiver: { ...config.receiver, userAgent: `loadswarm/${identity.version}` },
    protocol: config.protocol,
    histograms: config.histograms,
    intervalMs: config.intervalMs,
    maxAgeMs: config.maxAgeMs,
    common: ["loadswarm", identity.name, identity.node, identity.zone],
    collect: () => metrics.read(),
    now,
    onNews: (news) => tell(news, log),
    onFault: (error) => log.error({ err: error }, "metrics could not be read or encoded; the load goes on"),
  });
  metrics.ofExports.push(() => push.readings());
  return push;
}

function tell(news: SenderNews, log: Logger): void {
  switch (news.kind) {
    case "failing":
      return log.warn(news, "remote write fails; samples are kept and tried again");
    case "recovered":
      return log.info(news, "remote write works again");
    case "rejected":
      return log.error(news, "the receiver refused samples; they are dropped");
    case "expired":
      return log.error(news, "samples waited too long for the receiver; they are dropped");
    case "histogramsMissing":
      return log.warn(
        news,
        "the receiver does not count the native histograms it was sent; if it has none, use --remote-write-histograms classic",
      );
    case "protocol":
      return log.info(news, "remote write version settled");
  }
}

function tellOfOtlp(news: OtlpNews, log: Logger): void {
  if (news.kind === "failing") log.warn(news, "the export by OTLP fails; counts are cumulative, the next one that is taken has them all");
  else log.info(news, "the export by OTLP works again");
}
