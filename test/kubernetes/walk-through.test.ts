// docs/kubernetes.md on a real API server. Takes minutes, so only where it is asked for: LOADSWARM_KUBERNETES_TOOLS names the
// folder into which tools.sh has built what it takes.

import { describe, it } from "node:test";
import { Cluster, clusterMissing } from "./cluster.ts";
import { WalkThrough } from "./walk-through.ts";

const unasked = process.env["LOADSWARM_KUBERNETES_TOOLS"] === undefined ? "LOADSWARM_KUBERNETES_TOOLS is not set" : null;

describe("a real API server with 200 nodes", { skip: unasked ?? clusterMissing() ?? false }, () => {
  it("does everything that docs/kubernetes.md says, and refuses what it says is refused", async () => {
    const cluster = await Cluster.start();
    try {
      await new WalkThrough(cluster, () => {}).walk();
    } finally {
      await cluster.stop();
    }
  });
});
