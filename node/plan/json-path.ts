// The subset of JSONPath (RFC 9535) that names one value: `$`, `.name`, `["name"]`, `[0]`.

const SEGMENT = /\.([A-Za-z_][A-Za-z0-9_-]*)|\[(0|[1-9]\d{0,8})\]|\["((?:[^"\\]|\\.)*)"\]|\['([^'\\]*)'\]/y;
const LONGEST_PATH = 500;

export const JSON_PATH_HELP = 'a path such as $.id, $[0].id or $["first name"]';

/** The member names and indices that lead to the value; null if the path is not of the subset. */
export function parseJsonPath(path: string): (string | number)[] | null {
  if (!path.startsWith("$") || path.length > LONGEST_PATH) return null;
  const segments: (string | number)[] = [];
  let at = 1;
  while (at < path.length) {
    SEGMENT.lastIndex = at;
    const match = SEGMENT.exec(path);
    if (match === null) return null;
    at = SEGMENT.lastIndex;
    const [, dotted, index, quoted, single] = match;
    const name = dotted ?? single ?? (quoted === undefined ? null : unquote(quoted));
    if (index === undefined && name === null) return null;
    segments.push(index === undefined ? name! : Number(index));
  }
  return segments;
}

function unquote(text: string): string | null {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return null;
  }
}
