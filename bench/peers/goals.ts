// What we want to reach beside each peer: how many times its requests per CPU-second ours should be.

import type { Column } from "./tools.ts";

export const GOALS: Readonly<Record<Column, Readonly<Record<string, number>>>> = {
  bare: { wrk: 0.95, autocannon: 1.9, hey: 2.5, vegeta: 2.5, k6: 8, locust: 10, artillery: 45 },
  tls: { wrk: 1 },
  open: { wrk: 0.6, autocannon: 1.2, k6: 5, locust: 7, artillery: 30 },
  h2: { h2load: 0.7 },
};
