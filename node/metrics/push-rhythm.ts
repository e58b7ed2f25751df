// When an agent pushes: all of them at different moments of an interval, each always at the same one.

/** From `nowMs` until this instance's moment of an interval comes again, more than half an interval away. */
export function untilPush(nowMs: number, intervalMs: number, instance: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < instance.length; i++) hash = Math.imul(hash ^ instance.charCodeAt(i), 0x01000193) >>> 0;
  // The low bits of FNV-1a are the weak ones.
  const offsetMs = ((Math.imul(hash, 2654435769) >>> 0) / 2 ** 32) * intervalMs;
  const sinceMs = (((nowMs - offsetMs) % intervalMs) + intervalMs) % intervalMs;
  const waitMs = intervalMs - sinceMs;
  return waitMs > intervalMs / 2 ? waitMs : waitMs + intervalMs;
}
