// The clock of the load engine: monotonic, the same in every thread of the process.

/** Milliseconds since an arbitrary instant, with nanosecond resolution; never jumps. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
