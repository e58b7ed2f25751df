// An answer that is dear to make, and that strangers may ask for: made once for all who ask at a time, and not made all the time.

/** How many times as long as it took to make, an answer is given again: making takes a tenth of the time at most. */
const KEPT_TIMES = 9;
/** A slow moment must not freeze what is told. */
const MOST_KEPT_MS = 1000;

/** `make` behind that bound. What fails is not kept. `now` in milliseconds. */
export function rationed<T>(make: () => Promise<T>, now: () => number): () => Promise<T> {
  let latest: Promise<T> | null = null;
  let keptUntilMs = Number.POSITIVE_INFINITY;
  return () => {
    if (latest !== null && now() < keptUntilMs) return latest;
    const startMs = now();
    keptUntilMs = Number.POSITIVE_INFINITY;
    const making = make();
    latest = making;
    making.then(
      () => {
        keptUntilMs = now() + Math.min(MOST_KEPT_MS, KEPT_TIMES * (now() - startMs));
      },
      () => {
        latest = null;
      },
    );
    return making;
  };
}
