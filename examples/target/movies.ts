// Movies and actors after the helium / ngsa demo application: search, look-up, 400 and 404 answers.

import { ACTORS, MOVIES, type Actor, type Movie } from "./movie-data.ts";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const MAX_PAGE_SIZE = 1000;
const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_NUMBER = 10_000;

const bad = (parameter: string, expected: string): Answer => ({
  status: 400,
  body: { status: 400, title: "Parameter validation error", parameter, message: `${parameter} must be ${expected}` },
});
const notFound = (what: string): Answer => ({ status: 404, body: { status: 404, message: `${what} not found` } });

/** Answers `GET /api/movies…` and `GET /api/actors…`; null for any other path. */
export function answerMovies(path: string, query: URLSearchParams): Answer | null {
  const match = /^\/api\/(movies|actors)(?:\/([^/]*))?$/.exec(path);
  if (match === null) return null;
  const [, kind, id] = match;
  if (id !== undefined) return kind === "movies" ? movieById(id) : actorById(id);
  return kind === "movies" ? searchMovies(query) : searchActors(query);
}

function movieById(id: string): Answer {
  if (!/^tt\d{5,9}$/.test(id)) return bad("movieId", "tt followed by 5 to 9 digits");
  const movie = MOVIES.find((each) => each.id === id);
  return movie === undefined ? notFound("Movie") : { status: 200, body: movie };
}

function actorById(id: string): Answer {
  if (!/^nm\d{5,9}$/.test(id)) return bad("actorId", "nm followed by 5 to 9 digits");
  const actor = ACTORS.find((each) => each.id === id);
  return actor === undefined ? notFound("Actor") : { status: 200, body: actor };
}

function searchMovies(query: URLSearchParams): Answer {
  const q = query.get("q")?.toLowerCase();
  const genre = query.get("genre")?.toLowerCase();
  const year = query.get("year");
  if (q !== undefined && (q.length < 2 || q.length > 20)) return bad("q", "between 2 and 20 characters");
  if (genre !== undefined && (genre.length < 3 || genre.length > 20))
    return bad("genre", "between 3 and 20 characters");
  if (year !== null && !within(year, 1874, 2100)) return bad("year", "a year between 1874 and 2100");
  return page(MOVIES, query, (movie: Movie) => {
    if (q !== undefined && !movie.title.toLowerCase().includes(q)) return false;
    if (genre !== undefined && !movie.genres.some((each) => each.toLowerCase() === genre)) return false;
    return year === null || movie.year === Number(year);
  });
}

function searchActors(query: URLSearchParams): Answer {
  const q = query.get("q")?.toLowerCase();
  if (q !== undefined && (q.length < 2 || q.length > 20)) return bad("q", "between 2 and 20 characters");
  return page(ACTORS, query, (actor: Actor) => q === undefined || actor.name.toLowerCase().includes(q));
}

function page<T>(all: readonly T[], query: URLSearchParams, matches: (each: T) => boolean): Answer {
  const size = query.get("pageSize") ?? String(DEFAULT_PAGE_SIZE);
  const number = query.get("pageNumber") ?? "1";
  if (!within(size, 1, MAX_PAGE_SIZE)) return bad("pageSize", `a whole number between 1 and ${MAX_PAGE_SIZE}`);
  if (!within(number, 1, MAX_PAGE_NUMBER)) return bad("pageNumber", `a whole number between 1 and ${MAX_PAGE_NUMBER}`);
  const from = (Number(number) - 1) * Number(size);
  return { status: 200, body: all.filter(matches).slice(from, from + Number(size)) };
}

function within(text: string, low: number, high: number): boolean {
  return /^\d{1,6}$/.test(text) && Number(text) >= low && Number(text) <= high;
}
