// How late timers fire is looked at often while there is load, and seldom while there is none.

import assert from "node:assert/strict";
import { afterEach, beforeEach, it, mock } from "node:test";
import { ProcessReadings } from "../../node/metrics/process-readings.ts";
import type { SketchData } from "../../node/metrics/results.ts";
import { sketchCount } from "../../node/metrics/sketch.ts";

beforeEach(() => void mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

const looks = (readings: ProcessReadings): number => {
  return sketchCount(readings.read().find(({ meter }) => meter.name.endsWith("event_loop_delay_seconds"))!.value as SketchData);
};

for (const [what, isBusy, expected] of [["a run is on", true, 100], ["no run is on", false, 10]] as const) {
  it(`ten seconds in which ${what} are looked at ${expected} times`, () => {
    const readings = new ProcessReadings(() => isBusy);
    for (let i = 0; i < 100; i++) mock.timers.tick(100);
    readings.stop();
    assert.equal(looks(readings), expected);
    mock.timers.tick(10_000);
    assert.equal(looks(readings), expected, "stopped");
  });
}
