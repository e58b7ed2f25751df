// Starts the push of an agent's metrics, and tells people how it goes.

import type { RemoteWrite } from "../metrics/remote-write.ts";
import type { SenderNews } from "../metrics/remote-write-sender.ts";
import type { AgentMetrics } from "./agent-metrics.ts";
import type { Logger } from "./log.ts";
import type { CheckedRemoteWrite } from "./remote-write-config.ts";

export interface PushIdentity {
  readonly name: string;
  readonly node: string;
  readonly zone: string;
  readonly version: string;
}

/** What encodes and sends is loaded only here: an agent that pushes nothing does without. */
export async function startPush(
  config: CheckedRemoteWrite,
  identity: PushIdentity,
  metrics: AgentMetrics,
  now: () => number,
  log: Logger,
): Promise<RemoteWrite> {
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
  metrics.ofExport = () => push.readings();
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
