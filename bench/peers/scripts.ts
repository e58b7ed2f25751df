// The same test in every generator's own words.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NEEDLE } from "./target.ts";
import type { Task } from "./tools.ts";

/** Over HTTP/2 so many connections carry all requests that are under way. */
export const H2_CONNECTIONS = 4;

/** Puts a file where the target keeps its own; returns its path. */
export function write(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** `path` with a value in it that every request has anew, as each generator writes it. */
function asked({ column, url }: Task, value: string): string {
  return column === "open" ? `${url}/movies/${value}` : `${url}/`;
}

export function ourPlan(task: Task, connections: number): string {
  const { column, url, seconds, rate } = task;
  const executor =
    column === "open"
      ? { executor: "constant-arrival-rate", rate, duration: `${seconds}s` }
      : { executor: "constant-vus", vus: connections, duration: `${seconds}s` };
  const get = asked(task, "{{ iterationInTest }}").slice(url.length);
  const step = column === "open" ? { get, expect: { status: 200, body: { contains: NEEDLE } } } : { get };
  const http = column === "h2" ? { http: { version: 2, streams: connections / H2_CONNECTIONS } } : {};
  return JSON.stringify({ name: column, target: url, scenarios: { [column]: { ...executor, ...http, gracefulStop: "1s", flow: [step] } } });
}

export function k6Script(task: Task, connections: number): string {
  const { column, seconds, rate } = task;
  const open = column === "open";
  const most = { preAllocatedVUs: connections, maxVUs: connections };
  const scenario = open
    ? { executor: "constant-arrival-rate", rate, duration: `${seconds}s`, ...most }
    : { executor: "constant-vus", vus: connections, duration: `${seconds}s` };
  const path = asked(task, "${exec.scenario.iterationInTest}");
  const body = open
    ? `check(http.get(\`${path}\`, { tags: { name: "movie" } }), { title: (r) => r.status === 200 && r.body.includes("${NEEDLE}") });`
    : `http.get("${path}");`;
  return `import http from "k6/http";
import exec from "k6/execution";
import { check } from "k6";
export const options = ${JSON.stringify({ discardResponseBodies: !open, insecureSkipTLSVerify: true, scenarios: { one: scenario } })};
export default function () { ${body} }
`;
}

export function locustScript(task: Task): string {
  const path = new URL(asked(task, "x")).pathname;
  const once =
    task.column === "open"
      ? `        self.n += 1
        with self.client.get(f"${path.slice(0, -1)}{self.n}", name="movie", catch_response=True) as r:
            if "${NEEDLE}" not in r.text:
                r.failure("no title")`
      : `        self.client.get("${path}")`;
  return `from locust import FastHttpUser, constant, task

class One(FastHttpUser):
    wait_time = constant(0)
    n = 0

    @task
    def one(self):
${once}
`;
}

/** Artillery has no closed loop: users arrive, as many as it can serve, and each repeats itself. */
export function artilleryScript(task: Task, connections: number): string {
  const { column, url, seconds, rate } = task;
  const open = column === "open";
  const phase = open ? { duration: seconds, arrivalRate: rate } : { duration: seconds, arrivalRate: 30, maxVusers: connections };
  const get = { url: asked(task, "{{ $randomNumber(1, 1000000) }}").slice(url.length) };
  const expect = [{ statusCode: 200 }, { hasProperty: "title" }];
  const flow = open ? [{ get: { ...get, expect } }] : [{ loop: [{ get }], count: 50 }];
  const plugins = open ? { plugins: { expect: { outputFormat: "silent" } } } : {};
  return JSON.stringify({ config: { target: url, http: { pool: connections }, phases: [phase], ...plugins }, scenarios: [{ flow }] });
}
