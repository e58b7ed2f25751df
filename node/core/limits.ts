// Every bound and delay of the swarm machine, with the consequence of changing it.

/** Swarm time is cut into windows of this length; shares change on their boundaries only. */
export const WINDOW_MS = 500;

/** A lease is told to the load threads when it has grown by so much. */
export const LEASE_STEP_MS = 100;

/**
 * Windows for which a majority seen in a roll call lets an agent offer load. A cut-off agent stops after this, and the
 * others must wait as long before they take over what a silent one carried: shorter heals sooner, and stops more often
 * for nothing when the network or the machines stall.
 */
export const LEASE_WINDOWS = 10;

/** The same while links are seen to break: crashes, whose links close at once, are made good this much sooner. */
export const SHORT_LEASE_WINDOWS = 3;

/**
 * Whoever is cut off from all others notices before the short lease that they count on has ended, also if it is not told; of two
 * alone with each other it takes so many windows longer, for it is no sign yet that one is silent. They take over later by these.
 */
export const LONELY_WINDOWS = 1;

/** How long an agent stays on the short lease after the last sign of trouble: longer than any hint of a closed link counts. */
export const TROUBLE_WINDOWS = LEASE_WINDOWS + 2;

/** A majority that the main thread has not renewed for this long is not trusted: it may be standing still. */
export const LEASE_RENEWAL_MS = 1000;

/** From the opening of a ballot to the window in which its view takes effect: it must be agreed and known by then. */
export const ACTIVATION_WINDOWS = 4;

/** The same where members were lost: nobody takes less, so that nothing has to happen everywhere at once. */
export const LOSS_ACTIVATION_WINDOWS = 2;

/** Windows after which a ballot that is not decided is tried again, doubling up to the second number. */
export const PATIENCE_WINDOWS = 3;
export const LONGEST_PATIENCE_WINDOWS = 12;

/** A wish for another view must last this long before it is voted for, so that changes of one moment make one view … */
export const STABLE_MS = 100;
/** … but no longer than this, if it keeps changing. */
export const UNSTABLE_MS = 400;
/**
 * While it keeps changing one member may put it to the vote, twice as many in the next window, and so on for so many windows, then
 * one again; they are counted from that in which there first was a wish.
 * Fewer rounds are lost where those whose turn it is are gone, more where they get into each other's way.
 */
export const OPENING_ROUNDS = 4;

/**
 * Part of the rate that may be offered twice for a moment so that nobody waits for the lease of a small share to end.
 * With a clock skew of 2 % of a share it stays below the 5 % that P2 allows.
 */
export const EXCESS = 0.03;

/** A member that sends nothing for so long is accused; the keepalive comes every 500 ms at least. */
export const SILENT_MS = 1250;
/** The same where there is no second observer: on a network that loses every fifth packet such silence happens. */
export const SILENT_ALONE_MS = 3000;
/**
 * Patience with silence grows by so many round trips: a packet that is lost comes two of them later, lost again four more. With
 * the keepalive's interval that leaves time for a third loss on most ways; more would let the dead of far swarms live longer.
 */
export const SILENT_ROUND_TRIPS = 8;
/** The same, as a sign of trouble only. */
export const UNEASY_MS = 1000;
/**
 * And where there is no second one: no later than `LONELY_WINDOWS` allow for, no sooner than a packet lost three times in a row comes.
 */
export const UNEASY_ALONE_MS = 2000;
/** An agent that itself stood still for so long blames nobody for what it did not hear, and is in trouble. */
export const STALL_MS = 1000;
/** Patience with others grows by so many times the lateness of one's own turns. */
export const LAG_FACTOR = 3;
/** Whoever was in none of so many roll calls, or of more in a large swarm, is not there to accuse anybody. Fewer take the living for lost. */
export const PRESENCE_WINDOWS = 2;
/**
 * Windows after which a member that answers no roll call is gone, however well its links are: it may never have learnt that it came in,
 * and its share would be missing for good. No more than `ROLL_CALLS_KEPT`; fewer would hit those that are only late.
 */
export const MUTE_WINDOWS = 20;
/** How long a closed link counts as a hint that a process is gone. Shorter than trouble lasts. */
export const CLOSED_HINT_MS = 4000;

/** News for the neighbours is gathered for so long at least: more frequent frames spread it sooner and cost CPU. */
export const FLUSH_MS = 100;
/** The same for roll calls while nothing is amiss: they have seconds, and are most of what is sent. */
export const QUIET_FLUSH_MS = 500;
/** The first news after a quiet time waits only for what comes with it. */
export const FLUSH_SOON_MS = 5;
/**
 * An agent whose turns come late has too little CPU: it gathers news for so many times longer, up to the interval of quiet times.
 * Trouble takes up to five times as many frames as quiet, so that hosts that are just good for the one would not get out of the other.
 */
export const FLUSH_LATE_FACTOR = 4;

/**
 * While nothing goes on in the swarm, roll calls are answered and neighbours told once in so many windows, everywhere at the same
 * instant. More cost less, and silence is noticed later; a run that is published wakes everybody at once.
 */
export const REST_WINDOWS = 4;
/** Windows without anything going on after which a swarm rests: news of what goes on reaches everybody meanwhile. */
export const AWAKE_WINDOWS = 20;
/** Windows after waking in which roll calls are urgent: a run starts two seconds after it was published, and needs a lease. */
export const WAKING_WINDOWS = 2;
/** A resting agent that has seen no majority for so many windows wakes: roll calls travel a hop per beat, a few hops in all. */
export const RESTING_MAJORITY_WINDOWS = 20;

/** Views remembered: the newest and its predecessors, for those who are behind. */
export const CHAIN_KEPT = 10;
/**
 * Windows of roll calls remembered beside the present one: the longest lease and what a frame may be late; what is forgotten goes no
 * further, so as many too as a majority at rest may be on its way.
 */
export const ROLL_CALLS_KEPT = Math.max(LEASE_WINDOWS + 6, RESTING_MAJORITY_WINDOWS);
/** Different opinions on who is excluded, per window. More are ignored, which shortens leases but breaks nothing. */
export const LABELS_PER_WINDOW = 512;
/** Proposals remembered for one view. */
export const BALLOTS_KEPT = 256;

/**
 * Longest lists of a frame: receivers refuse frames with more. What is news beyond it waits for the next frame; of what those
 * are told who were not there the oldest is left out. Decoding 10,000 accusations takes 10 to 40 ms, in which nothing else has a turn.
 */
export const FRAME_LISTS = { rollCalls: 512, adoptions: 64, ballots: BALLOTS_KEPT, accusations: 10_000, commits: 64 } as const;

/** An idle agent that sees no majority for so long founds a lineage of its own. */
export const DISSOLVE_MS = 10_000;
/** How often one peer is asked for complete state at most. */
export const PULL_EVERY_MS = 1000;
/** How often somebody of another swarm, which has runs of its own, is asked at most. */
export const PULL_APART_EVERY_MS = 10_000;
/** Other swarms remembered; beyond it all of them are asked, and told of in the log, once more. */
export const APART_KEPT = 16;
/** How often a leaver looks whether it may go. */
export const LEAVE_POLL_MS = 100;
/** A leaver goes after this, whether or not the others have agreed on a view without it. */
export const LEAVE_TIMEOUT_MS = 8000;

/** Timestamps are returned to a neighbour this often at first … */
export const FIRST_ECHO_EVERY_MS = 250;
/** … so many times … */
export const FIRST_ECHOES = 4;
/** … and then this often. Clocks of machines drift apart by less than a millisecond meanwhile. */
export const ECHO_EVERY_MS = 5000;
/** Exchanges remembered per neighbour; the one with the shortest round trip counts. */
export const SAMPLES_KEPT = 8;
/** Timestamps remembered: ten a second at most, returned within seconds. */
export const STAMPS_KEPT = 128;
/** An agent with a share corrects its time every so many windows … */
export const FOLLOW_WINDOWS = 4;
/** … by this much at most: 500 ppm, more than clocks drift. */
export const SLEW_MS = 1;

/** Clocks of two machines drift apart by no more than this part of the time. */
export const DRIFT = 500e-6;
/** Whoever knows the swarm's time no better than this, from end to end, may not come in: its share would begin at another time. */
export const SURE_MS = 500;

/** Neighbours that seem to be farther away than this are held to be this far: patience has an end. */
export const LONGEST_ROUND_TRIP_MS = 500;

/** A link that nobody needs is closed after this; asking again within it needs no new one. */
export const SPARE_LINK_MS = 10_000;

/** A neighbour's link over which nothing has come for so long is closed, so that it can be dialled anew. */
export const ZOMBIE_LINK_MS = 6000;

/** When an agent gives part of its share away, and takes it back. */
export const CAPACITY = {
  /** Fewer arrivals say nothing: reports are added up until there are as many … */
  leastArrivals: 20,
  /** … for so long at most. An agent that has fewer in that time is never found to be too slow. */
  addUpMs: 5000,
  /** Part of the arrivals that come too late; the verdict `bottleneck` comes at a twentieth of it. */
  badRate: 0.02,
  /** Reports in a row, a second each: a single hiccup moves nothing. */
  badReports: 2,
  /** Between two steps: the last one must have taken effect, and been seen. */
  pauseMs: 5000,
  /** Least step down, and every step up. */
  step: 0.1,
  /** What is left after a step down should be well within what was managed. */
  margin: 0.95,
  /** Least part of its full weight that an agent keeps. */
  least: 0.05,
  /** Nothing late for so long before a step up. */
  goodMs: 10_000,
  /** How long a weight that was too much is not tried again. */
  retryMs: 60_000,
  /** A step down that left more than this part of the share was in vain: everybody is saturated. */
  futile: 0.97,
} as const;

/** How long an agent that is lost again and again keeps away. */
export const DAMPING = {
  /** Losses are remembered for so long. */
  memoryMs: 60_000,
  /** So many of them cost nothing. */
  free: 2,
  /** The next one costs this, and every further one twice as much … */
  firstMs: 5000,
  /** … but no more than this: all are to be one view 15 s after a network heals. */
  mostMs: 10_000,
} as const;

/** Units of weight in a view per worker: views compare whole numbers, and shares move in steps of a tenth. */
export const WEIGHT_UNITS = 100;

/** Past shares kept in assignments, so that arrivals handled a little late still have the owner they had when due. */
export const PAST_SHARES_MS = 2000;

/** How long a leaver waits for its iterations in flight before it goes. Kubernetes grants 30 s in all. */
export const DRAIN_MS = 5000;

/** A gather answers with what it has after this. */
export const GATHER_TIMEOUT_MS = 1500;
/** Everybody has so long to answer at first. What then is missing is asked for otherwise, which takes the rest. */
export const GATHER_PATIENCE_MS = 800;
/** The first question waits so many round trips longer, for a few hops and a lost packet at some of them … */
export const PATIENCE_ROUND_TRIPS = 8;
/** … and the second so many, for it may need a new link. */
export const DIAL_ROUND_TRIPS = 8;
/** Whoever asks for somebody else has this part of the asker's patience, or its own answer would come too late … */
export const PATIENCE_PER_HOP = 0.8;
/** … and with less than this asks nobody. */
export const LEAST_PATIENCE_MS = 10;
/** Such a part of the asker's patience later it tells what has come so far, if that is not all … */
export const PART_AFTER = 0.25;
/** … and then what more has come, so often at most. Sooner and more often costs frames at each hop where somebody is late. */
export const PART_EVERY_MS = 100;
/** Who is missing has so long when asked again. */
export const ASK_AGAIN_PATIENCE_MS = 400;
/** Members asked again at once without a way over the links, each for its share of the missing. Every one is a dial. */
export const FAN_OUT = 16;
/** Questions of others in hand at once; whoever asks beyond that hears only of this agent. */
export const OPEN_ERRANDS = 1000;
/** Intervals of a series that are so old are gathered again only if they change after all. */
export const SETTLED_MS = 5000;

/** How often the judges look at thresholds that may abort the run. Shorter aborts sooner and costs a gather each time. */
export const JUDGE_EVERY_MS = 2000;

/** How many members judge each run; any of them suffices. */
export const JUDGES = 3;

/** Hashed rings in which each member keeps a link to both neighbours: 10 links at most, diameter about log N. */
export const RINGS = 5;

/** Linked neighbours that hold an agent's latest report. A crash loses results only if all of them crash with it. */
export const HOLDERS = 4;

/** Runs remembered, the oldest ended one forgotten first. Each may hold megabytes of time series per agent. */
export const RUNS_KEPT = 20;

/** A run is not forgotten sooner after its end: iterations are still ending, and people are reading its summary. */
export const FORGET_AFTER_MS = 60_000;

/** Ids of forgotten runs remembered, so that none is used for another run. */
export const FORGOTTEN_KEPT = 1000;

/** Runs that may be active or waiting at once; publishing more is refused. Every newcomer is told of all of them. */
export const ACTIVE_RUNS = 100;

/** Ended runs remembered at most: those of the last minute, and RUNS_KEPT before. More are not taken in. */
export const ENDED_RUNS = RUNS_KEPT + ACTIVE_RUNS;

/** Plan text of all active runs, and as much of ended ones, in characters. Parsed, a plan takes ten times as many bytes. */
export const PLAN_CHARACTERS = 2.5 * 1024 * 1024;

/** Wall clocks may be wrong by so much: a run whose times lie further ahead than this explains is a lie. */
export const CLOCKS_APART_MS = 86_400_000;

/** Members remembered, the dead included; the longest dead are forgotten first. */
export const MEMBERS_KEPT = 10_000;

/** Plan text told in one frame, in characters of at most 3 bytes; with a plan more (1 MiB) it fits the frame limit. */
export const BATCH_CHARACTERS = 1024 * 1024;

/** A run is refused after its planned end plus this, whatever it waited for. */
export const NOT_AFTER_GRACE_MS = 3_600_000;

/** The window in which an instant of swarm time lies. */
export function windowOf(swarmMs: number): number {
  return Math.floor(swarmMs / WINDOW_MS);
}

export function startOf(window: number): number {
  return window * WINDOW_MS;
}
