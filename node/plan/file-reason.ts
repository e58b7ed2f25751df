// Why a file cannot be read or written, in words: what the system says names codes.

const REASONS: Readonly<Record<string, string>> = {
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  EROFS: "its disk is read-only",
  ENOSPC: "its disk is full",
  EDQUOT: "this user's part of its disk is used up",
  EMFILE: "too many files are open",
};

/** Of an error that reading or writing a file has thrown. */
export function fileReason(error: unknown, wish: "read" | "write"): string {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  if (code === "ENOENT") return wish === "read" ? "there is no such file" : "there is no such folder";
  if (code === "EACCES" || code === "EPERM") return `this user may not ${wish} it`;
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
