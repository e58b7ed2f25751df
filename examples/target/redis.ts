// A hit counter shared by several targets: INCR on a Redis server, over RESP.

import { connect, type Socket } from "node:net";

const KEY = "loadswarm:total_hits";
const TIMEOUT_MS = 2000;
const MAX_WAITING = 10_000;
/** The replies asked for are one short line each; more without a line end is no Redis server. */
const MAX_LINE = 1024;

interface Waiting {
  resolve(value: number): void;
  reject(error: Error): void;
}

/** Speaks only commands that answer an integer. Connects on first use, and again after an error. */
export class RedisCounter {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | null = null;
  #waiting: Waiting[] = [];
  #rest = "";

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** The new total. Rejects when the server cannot be reached, refuses, or is silent for two seconds. */
  increment(): Promise<number> {
    return this.#send(["INCR", KEY]);
  }

  total(): Promise<number> {
    return this.#send(["INCRBY", KEY, "0"]);
  }

  async reset(): Promise<void> {
    await this.#send(["DEL", KEY]);
  }

  close(): void {
    this.#fail(new Error("closed"));
  }

  #send(words: string[]): Promise<number> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new Error("too many commands wait for Redis"));
    this.#socket ??= this.#open();
    this.#socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #open(): Socket {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    const fail = (error: Error): void => {
      if (this.#socket === socket) this.#fail(error);
    };
    socket.setEncoding("latin1").setTimeout(TIMEOUT_MS, () => fail(new Error("Redis is silent")));
    socket.on("data", (chunk) => this.#read(String(chunk)));
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("Redis closed the connection")));
    return socket;
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split("\r\n");
    this.#rest = lines.pop()!;
    if (this.#rest.length > MAX_LINE) return this.#fail(new Error("not a Redis reply"));
    for (const line of lines) {
      const first = this.#waiting.shift();
      if (/^:-?\d+$/.test(line)) first?.resolve(Number(line.slice(1)));
      else first?.reject(new Error(`Redis answered ${line}`));
    }
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#rest = "";
    this.#socket?.destroy();
    this.#socket = null;
    for (const each of waiting) each.reject(error);
  }
}
