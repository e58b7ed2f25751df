// HTTP/1.1 and HTTP/2 against nginx, whose access log is the judge: the same plan, the same counts, each arrival once.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Summary } from "../../node/core/summary-type.ts";
import { CERTIFICATE, KEY } from "../load/certificate.ts";
import { loadswarm, temporaryFolder } from "../support/cli.ts";
import { type LogLine, Nginx, nginxMissing } from "../support/nginx.ts";

const skip = process.env["CI"] === undefined && nginxMissing !== null ? nginxMissing : false;
const RATE = 150;
const SECONDS = 4;
/** So few that every connection is left many times, with requests on their way. */
const REQUESTS_PER_CONNECTION = 20;

type Way = readonly [name: string, origin: (nginx: Nginx) => string, http: object, protocol: string];
const WAYS: readonly Way[] = [
  ["h1", ({ https }) => https, {}, "HTTP/1.1"],
  ["h2", ({ h2 }) => h2, { version: 2 }, "HTTP/2.0"],
  ["h2-streams", ({ h2 }) => h2, { version: 2, streams: 16 }, "HTTP/2.0"],
  ["h2c-streams", ({ h2c }) => h2c, { version: 2, streams: 16 }, "HTTP/2.0"],
  ["auto", ({ h2 }) => h2, { version: "auto", streams: 4 }, "HTTP/2.0"],
  ["auto-declined", ({ https }) => https, { version: "auto" }, "HTTP/1.1"],
  ["h2-closing", ({ h2 }) => h2, { version: 2, close: "close" }, "HTTP/2.0"],
];

describe("HTTP/2 and nginx", { skip }, () => {
  let nginx: Nginx;
  let summary: Summary;
  let log: LogLine[];

  before(async () => {
    nginx = await Nginx.start({ key: KEY, certificate: CERTIFICATE, requestsPerConnection: REQUESTS_PER_CONNECTION });
    const folder = temporaryFolder();
    writeFileSync(join(folder, "ca.pem"), CERTIFICATE);
    process.env["NODE_EXTRA_CA_CERTS"] = join(folder, "ca.pem");
    const scenarioOf = ([name, origin, http]: Way) => ({
      executor: "constant-arrival-rate",
      rate: RATE,
      duration: `${SECONDS}s`,
      http,
      flow: [{ post: `${origin(nginx)}/${name}/{{ iterationInTest }}`, body: "data", name, expect: { status: 200 } }],
    });
    const plan = {
      name: "http2",
      target: [nginx.https, nginx.h2, nginx.h2c],
      scenarios: Object.fromEntries(WAYS.map((way) => [way[0], scenarioOf(way)])),
    };
    writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
    const { stdout, stderr } = await loadswarm("run", join(folder, "plan.json"), "--workers", "1", "--json", "-");
    assert.match(stdout, /^\{/, stderr);
    summary = JSON.parse(stdout) as Summary;
    log = nginx.log();
  });
  after(() => nginx?.stop());

  for (const [name, , , protocol] of WAYS) {
    it(`${name}: the log has every arrival exactly once, by ${protocol}, and we report as many`, () => {
      const lines = log.filter(({ uri }) => uri.startsWith(`/${name}/`));
      const { requests, failed } = summary.steps[name]!;
      assert.equal(failed, 0);
      assert.equal(lines.length, requests);
      assert.equal(new Set(lines.map(({ uri }) => uri)).size, lines.length);
      assert.deepEqual(new Set(lines.map((line) => `${line.protocol} ${line.status}`)), new Set([`${protocol} 200`]));
      assert.ok(requests > RATE * SECONDS * 0.9, `${requests} requests`);
    });
  }

  it("the ledger adds up, and no error is reported", () => {
    const { scheduled, started, dropped, lost } = summary.iterations;
    const droppedTotal = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    assert.equal(scheduled, started + droppedTotal + lost);
    assert.deepEqual([summary.requests.total, summary.errors], [started, []]);
  });
});
