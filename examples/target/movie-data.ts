// A small data set with IMDb's identifiers.

export interface Movie {
  readonly id: string;
  readonly title: string;
  readonly year: number;
  readonly runtime: number;
  readonly genres: readonly string[];
  readonly roles: readonly { readonly actorId: string; readonly name: string }[];
}

export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly movies: readonly { readonly movieId: string; readonly title: string }[];
}

const NAMES: Readonly<Record<string, string>> = {
  nm0000206: "Keanu Reeves",
  nm0000401: "Laurence Fishburne",
  nm0005251: "Carrie-Anne Moss",
  nm0000138: "Leonardo DiCaprio",
  nm0000701: "Kate Winslet",
  nm0000093: "Brad Pitt",
  nm0000151: "Morgan Freeman",
  nm0000209: "Tim Robbins",
  nm0000158: "Tom Hanks",
  nm0000244: "Sigourney Weaver",
  nm0000148: "Harrison Ford",
  nm0000434: "Mark Hamill",
  nm0000402: "Carrie Fisher",
};

const movie = (id: string, title: string, year: number, runtime: number, genres: string, actors: string): Movie => ({
  id,
  title,
  year,
  runtime,
  genres: genres.split(" "),
  roles: actors.split(" ").map((actorId) => ({ actorId, name: NAMES[actorId]! })),
});

export const MOVIES: readonly Movie[] = [
  movie("tt0133093", "The Matrix", 1999, 136, "Action Sci-Fi", "nm0000206 nm0000401 nm0005251"),
  movie("tt0234215", "The Matrix Reloaded", 2003, 138, "Action Sci-Fi", "nm0000206 nm0000401 nm0005251"),
  movie("tt0242653", "The Matrix Revolutions", 2003, 129, "Action Sci-Fi", "nm0000206 nm0000401 nm0005251"),
  movie("tt0120338", "Titanic", 1997, 194, "Drama Romance", "nm0000138 nm0000701"),
  movie("tt1375666", "Inception", 2010, 148, "Action Adventure Sci-Fi", "nm0000138"),
  movie("tt0114369", "Se7en", 1995, 127, "Crime Drama Mystery", "nm0000093 nm0000151"),
  movie("tt0137523", "Fight Club", 1999, 139, "Drama", "nm0000093"),
  movie("tt0111161", "The Shawshank Redemption", 1994, 142, "Drama", "nm0000209 nm0000151"),
  movie("tt0109830", "Forrest Gump", 1994, 142, "Drama Romance", "nm0000158"),
  movie("tt0120815", "Saving Private Ryan", 1998, 169, "Drama War", "nm0000158"),
  movie("tt0078748", "Alien", 1979, 117, "Horror Sci-Fi", "nm0000244"),
  movie("tt0090605", "Aliens", 1986, 137, "Action Adventure Sci-Fi", "nm0000244"),
  movie("tt0076759", "Star Wars", 1977, 121, "Action Adventure Fantasy", "nm0000434 nm0000148 nm0000402"),
  movie("tt0080684", "The Empire Strikes Back", 1980, 124, "Action Adventure Fantasy", "nm0000434 nm0000148 nm0000402"),
  movie("tt0083658", "Blade Runner", 1982, 117, "Action Drama Sci-Fi", "nm0000148"),
];

export const ACTORS: readonly Actor[] = Object.entries(NAMES).map(([id, name]) => ({
  id,
  name,
  movies: MOVIES.filter((each) => each.roles.some((role) => role.actorId === id)).map((each) => ({
    movieId: each.id,
    title: each.title,
  })),
}));
