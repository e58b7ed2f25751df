// Runs a scenario in a world of its own and judges it: the same seed gives the same outcome, event for event.

import type { Answer } from "../node/core/events.ts";
import type { Agent } from "./agent.ts";
import { askAgents } from "./asking.ts";
import { Attack, type Line } from "./attack.ts";
import { expand, howMany, type TimedFault } from "./expand.ts";
import type { MakeMachine } from "./inspect.ts";
import { type Finding, judge, type Load, type Seen } from "./judge.ts";
import { Meter, SAMPLE_MS } from "./meter.ts";
import { observedRate, observedViews } from "./observed.ts";
import { older } from "./older.ts";
import { constantRate } from "./plan.ts";
import { Random } from "./random.ts";
import type { Mark, Promised, Scenario } from "./scenario.ts";
import { LOOK_EVERY_MS, ViewWatch } from "./view-watch.ts";
import { World } from "./world.ts";

/** Up to as many agents every single arrival is simulated; with more, shares only. */
const MOST_WITH_ARRIVALS = 60;
const RATE = 400;
/** With more agents: as much for each, as no single arrival is simulated. */
const RATE_PER_AGENT = 100;
/** Agents start within this. */
const START_SPREAD_MS = 200;
/** They are given so long to find one view before the load is published. */
const SETTLE_MS = 10_000;
/** Swarms that have not met cannot have one view: they get the time without a look. */
const SETTLE_APART_MS = 4000;
/** They stand still that long before it begins. */
const CALM_MS = 1000;
const LEAD_MS = 2000;
/** From the end of the load until all its reports are in. */
const AFTER_MS = 4000;

export interface RunOptions {
  readonly scenario: Scenario;
  readonly agents: number;
  readonly seed: number;
  /** Faults left out, by number. */
  readonly without?: ReadonlySet<number>;
  /** Runs something else than the production core. */
  readonly make?: MakeMachine;
}

export interface Outcome {
  readonly scenario: Scenario;
  readonly agents: number;
  readonly seed: number;
  readonly held: boolean;
  readonly findings: readonly Finding[];
  readonly faults: readonly TimedFault[];
  /** What happened, in order. Times are relative to the beginning of the load. */
  readonly timeline: readonly Line[];
  readonly loads: readonly Load[];
  /** When the load began, in milliseconds since the simulation began. */
  readonly fromMs: number;
  readonly eventHash: string;
  readonly frames: number;
  readonly events: number;
}

export function runScenario(options: RunOptions): Outcome {
  return new Run(options).outcome();
}

class Run {
  readonly #options: RunOptions;
  readonly #world: World;
  readonly #random: Random;
  readonly #meter: Meter;
  readonly #views: ViewWatch;
  readonly #runs: string[] = [];
  readonly #loads: Load[] = [];
  readonly #falselyLost = new Set<string>();
  /** Arrivals per second. */
  readonly #rate: number;
  #stopAtMs: number | null = null;
  #fromMs = 0;

  constructor(options: RunOptions) {
    const { scenario, seed, agents, make } = options;
    this.#options = options;
    this.#rate = agents <= MOST_WITH_ARRIVALS ? RATE : RATE_PER_AGENT * agents;
    this.#random = new Random(seed ^ 0xa77ac);
    this.#world = new World(seed, {
      ...scenario.clocks,
      ...(make === undefined ? {} : { make }),
      fidelity: agents <= MOST_WITH_ARRIVALS ? "arrivals" : "shares",
      age: older,
      event: (_, event) => {
        if (event.type === "lost" && this.#isWell(event.member)) this.#falselyLost.add(event.member);
      },
    });
    this.#world.network.become(scenario.network ?? {});
    this.#meter = new Meter(this.#world);
    this.#views = new ViewWatch(this.#world);
  }

  outcome(): Outcome {
    const { scenario, agents, seed, without = new Set<number>() } = this.#options;
    const marks: Mark[] = [{ atMs: this.#start(), kind: "join" }];
    if (scenario.restS !== undefined) this.#publishLater(1000 * scenario.restS);
    const faults = expand(scenario, seed, without);
    const control = { stop: (on: Agent) => this.#stop(on), republish: (on: Agent) => this.#publish(on, 0, false) };
    const attack = new Attack(this.#world, agents, control, marks);
    for (const fault of faults) this.#world.at(this.#fromMs + fault.atMs, () => attack.apply(fault));
    this.#watch(this.#fromMs + 1000 * scenario.seconds);
    const findings = judge(promisesOf(scenario), this.#conclude(attack));
    return {
      scenario,
      agents,
      seed,
      held: findings.every((finding) => finding.held),
      findings,
      faults,
      timeline: this.#timeline(attack),
      loads: this.#loads,
      fromMs: this.#fromMs,
      eventHash: this.#world.eventHash,
      frames: this.#world.frames,
      events: this.#world.eventsTaken,
    };
  }

  /** Agents, one view in each swarm, and a load in each that has one. Returns when the last agent started. */
  #start(): number {
    const { scenario, agents } = this.#options;
    const swarms = scenario.swarms ?? [{ part: scenario.startWith ?? 1, loadS: scenario.seconds }];
    const members = swarms.map(({ part }, index) => this.#startSwarm(howMany({ part }, agents), index));
    const startedMs = this.#world.elapsedMs;
    const untilMs = startedMs + (swarms.length > 1 ? SETTLE_APART_MS : SETTLE_MS);
    this.#world.runFor(CALM_MS);
    while (this.#world.elapsedMs < untilMs && !this.#isSettled()) this.#world.runFor(LOOK_EVERY_MS);
    if (scenario.restS !== undefined) return startedMs;
    swarms.forEach(({ loadS }, index) => {
      const on = this.#random.pick(this.#world.running().filter((agent) => members[index]!.has(agent.index)));
      if (loadS === null) return;
      this.#publish(on, loadS, scenario.sameRun !== true || this.#loads.length === 0);
    });
    this.#fromMs = this.#world.elapsedMs + LEAD_MS;
    return startedMs;
  }

  #publishLater(waitMs: number): void {
    const { seconds } = this.#options.scenario;
    this.#fromMs = this.#world.elapsedMs + waitMs + LEAD_MS;
    this.#world.at(this.#fromMs - LEAD_MS, () => this.#publish(this.#random.pick(this.#world.running()), seconds, true));
  }

  /** Indices of its agents. */
  #startSwarm(count: number, index: number): Set<number> {
    const first = this.#world.agents.length;
    if (index > 0) this.#world.joinApart(count);
    else for (let i = 0; i < count; i++) this.#startAgent(i);
    return new Set(Array.from({ length: count }, (_, i) => first + i));
  }

  #startAgent(i: number): void {
    if (i > 0) this.#world.runFor(START_SPREAD_MS / this.#options.agents);
    this.#world.join();
  }

  #isSettled(): boolean {
    this.#views.look();
    return this.#views.agreed;
  }

  #publish(on: Agent, loadS: number, isNew: boolean): void {
    const { scenario } = this.#options;
    const name = isNew ? `load-${this.#loads.length + 1}` : this.#loads[0]!.series.plan;
    const plan = constantRate(name, this.#rate, isNew || scenario.sameRun === true ? loadS : scenario.seconds);
    if (isNew) {
      this.#meter.watch(name);
      const fromMs = this.#world.elapsedMs + LEAD_MS;
      this.#loads.push({ series: this.#meter.of(name)!, fromMs, untilMs: fromMs + 1000 * loadS });
    }
    const published = (answer: Answer): void => {
      if (answer.kind === "published") this.#runs.push(answer.run.spec.id);
    };
    this.#world.publish(on.id, plan, published, scenario.sameRun === true ? "key" : null);
  }

  #stop(on: Agent): void {
    this.#stopAtMs = this.#world.elapsedMs;
    this.#world.stop(on.id, this.#runs[0] ?? "all");
  }

  /** Lets time pass, looking all the while. */
  #watch(untilMs: number): void {
    let nextLookMs = this.#world.elapsedMs;
    while (this.#world.elapsedMs < untilMs) {
      this.#meter.sample();
      if (this.#world.elapsedMs >= nextLookMs) {
        this.#views.look();
        nextLookMs += LOOK_EVERY_MS;
      }
      this.#world.runFor(Math.min(SAMPLE_MS, untilMs - this.#world.elapsedMs));
    }
  }

  /** The load is over: what do they say of it? */
  #conclude(attack: Attack): Seen {
    const { scenario, agents } = this.#options;
    this.#watch(this.#world.elapsedMs + AFTER_MS);
    const told = askAgents(this.#world, this.#world.running(), this.#runs[0] ?? "");
    return {
      world: this.#world,
      meter: this.#meter,
      loads: this.#loads,
      rate: this.#rate,
      target: agents <= MOST_WITH_ARRIVALS ? this.#world.target : null,
      planned: this.#rate * scenario.seconds,
      views: this.#views,
      marks: attack.marks,
      stopAtMs: this.#stopAtMs,
      couldHear: attack.couldHear ?? (() => true),
      falseLosses: this.#falselyLost.size,
      told,
      runs: this.#runs,
    };
  }

  #timeline(attack: Attack): Line[] {
    const untilMs = this.#fromMs + 1000 * this.#options.scenario.seconds;
    const seen = [...this.#loads.flatMap(observedRate), ...observedViews(this.#views, this.#fromMs, untilMs)];
    return [...attack.timeline, ...seen].sort((a, b) => a.atMs - b.atMs);
  }

  #isWell(id: string): boolean {
    return this.#world.find(id)?.isRunning === true;
  }
}

/** Promised whatever the scenario, unless it states another bound. */
const ALWAYS: readonly Promised[] = [
  { promise: "never more", atMost: 1.05 },
  { promise: "no forks" },
  { promise: "one view", withinMs: 15_000 },
  { promise: "answers", withinMs: 2000 },
];

export function promisesOf(scenario: Scenario): Promised[] {
  const stated = new Set(scenario.promises.map((one) => one.promise));
  return [...ALWAYS.filter((one) => !stated.has(one.promise)), ...scenario.promises];
}
