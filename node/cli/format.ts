// Numbers as people read them, in k6's notation.

/** Milliseconds as `117.42ms`, `1.5s`, `2m3s` or `345.12µs`. */
export function duration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 0.001) return `${trim(ms * 1e6)}ns`;
  if (ms < 1) return `${trim(ms * 1000)}µs`;
  if (ms < 1000) return `${trim(ms)}ms`;
  if (ms < 60_000) return `${trim(ms / 1000)}s`;
  const seconds = Math.round(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}h` : ""}${Math.floor(seconds / 60) % 60}m${seconds % 60}s`;
}

/** Bytes in decimal units, as k6: `1.2 kB`. */
export function bytes(sizeBytes: number): string {
  let value = sizeBytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 1000) return `${unit === "B" ? Math.round(value) : trim(value)} ${unit}`;
    value /= 1000;
  }
  return `${trim(value)} TB`;
}

/** A share of 0 to 1 as `12.34%`. Cut, not rounded: 99.999 % is not all. */
export function percent(share: number): string {
  return `${(Math.floor(share * 10_000 + 1e-9) / 100).toFixed(2)}%`;
}

export function perSecond(count: number, seconds: number): string {
  return `${seconds === 0 ? 0 : trim(count / seconds)}/s`;
}

/** At most two decimals, none that are zero. */
export function trim(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Text from elsewhere without control characters, which a terminal might obey. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
