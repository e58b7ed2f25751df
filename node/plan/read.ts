// The outcome of reading one value of a plan: faults are returned, not thrown, so that all of them can be gathered.

/** `message` completes the sentence that begins with the value's path: "must be …, is …". */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

export function good<T>(value: T): Read<T> {
  return { ok: true, value };
}

export function bad(message: string): Read<never> {
  return { ok: false, message };
}

/** The value of something that has been validated before; a failure here is a programming error. */
export function valid<T>(read: Read<T>): T {
  if (!read.ok) throw new TypeError(`read before it was validated: ${read.message}`);
  return read.value;
}

/** A value as it is quoted in a fault: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
