// `POST /tests {hits_per_sec, duration_sec, workers}`: the interface of a hits-per-second service, as a plan.

import { LoadswarmError } from "../plan/errors.ts";

export interface HitsParameters {
  readonly hits_per_sec: number;
  readonly duration_sec: number;
  /** At most so many hits in flight over the whole swarm. */
  readonly workers: number;
}

const DEFAULTS: HitsParameters = { hits_per_sec: 10, duration_sec: 10, workers: 100 };

/** The plan text for a request body. Throws USAGE for a body that is not right, CONFIG_INVALID without a target. */
export function hitsPlan(body: string, targetUrl: string | undefined): { plan: string; parameters: HitsParameters } {
  if (targetUrl === undefined || !URL.canParse(targetUrl)) {
    const message = "no target is configured for /tests";
    throw new LoadswarmError("USAGE", message, "start the agent with LOADSWARM_TARGET_URL=http://host:port/path");
  }
  const parameters = { ...DEFAULTS, ...readBody(body) };
  const url = new URL(targetUrl);
  const plan = {
    name: "hits",
    target: url.origin,
    scenarios: {
      hits: {
        executor: "constant-arrival-rate",
        rate: parameters.hits_per_sec,
        duration: `${parameters.duration_sec}s`,
        maxVUs: parameters.workers,
        // The moment keeps two equal requests apart: each is a test of its own.
        flow: [{ post: url.pathname + url.search, name: "hit", headers: { "x-test": new Date().toISOString() } }],
      },
    },
  };
  return { plan: JSON.stringify(plan), parameters };
}

function readBody(body: string): Partial<HitsParameters> {
  const hint = 'send JSON like {"hits_per_sec": 100, "duration_sec": 30, "workers": 50}';
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new LoadswarmError("USAGE", "the body is not JSON", hint, cause);
  }
  const fields = Object.entries(value !== null && typeof value === "object" ? value : { "": value });
  for (const [name, number] of fields) {
    if (!Object.hasOwn(DEFAULTS, name)) throw new LoadswarmError("USAGE", `unknown parameter "${name}"`, hint);
    if (typeof number !== "number" || !(number > 0)) {
      throw new LoadswarmError("USAGE", `${name} must be a number above 0`, hint);
    }
  }
  return Object.fromEntries(fields);
}
