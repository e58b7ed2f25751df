// undici's parser as the judge of ours: a real undici client on a socket that is only a list of pieces, without waiting.

import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { Client, type Dispatcher } from "undici";
import { HEAD_BYTES } from "../../../node/load/http/limits.ts";
import { classify } from "../../../node/load/outcome.ts";
import { type Conversation, headOf, type Outcome } from "./outcome.ts";

/** What undici touches of a socket. Being destroyed is told after the piece at hand, as the event loop would. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  readonly errored = null;
  readonly writable = true;
  readonly writableNeedDrain = false;
  #piece: Buffer | null = null;
  #error: Error | null = null;
  #isToldClosed = false;

  feed(piece: Buffer): void {
    if (this.destroyed) return;
    this.#piece = piece;
    this.emit("readable");
    this.#settle();
  }

  end(): void {
    if (!this.destroyed) this.emit("end");
    this.destroy();
    this.#settle();
  }

  read(): Buffer | null {
    const piece = this.#piece;
    this.#piece = null;
    return piece;
  }

  unshift(): void {}
  write(): boolean {
    return true;
  }
  cork(): void {}
  uncork(): void {}
  ref(): void {}
  unref(): void {}
  pipe(): void {}

  destroy(error?: Error): this {
    if (!this.destroyed) this.#error = error ?? null;
    this.destroyed = true;
    return this;
  }

  #settle(): void {
    if (!this.destroyed || this.#isToldClosed) return;
    this.#isToldClosed = true;
    if (this.#error !== null) this.emit("error", this.#error);
    this.emit("close");
  }
}

/** Collects one answer. */
class Handler implements Dispatcher.DispatchHandler {
  error: unknown = null;
  status = 0;
  head = "";
  isWhole = false;
  readonly #body: Buffer[] = [];

  get body(): string {
    return Buffer.concat(this.#body).toString("latin1");
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.status = status;
    const raw = (controller.rawHeaders ?? []) as readonly Buffer[];
    const fields: [string, string][] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) fields.push([raw[i]!.toString("latin1"), raw[i + 1]!.toString("latin1")]);
    this.head = headOf(fields);
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#body.push(Buffer.from(chunk));
  }

  onResponseEnd(): void {
    this.isWhole = true;
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.error = error;
  }
}

export class Oracle {
  #socket = new FakeSocket();
  #connected: (() => void) | null = null;
  readonly #client = new Client("http://127.0.0.1:1", {
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: HEAD_BYTES,
    connect: (_options, callback) => {
      this.#socket = new FakeSocket();
      this.#connected = () => callback(null, this.#socket as unknown as Socket);
    },
  });

  judge({ method, pieces }: Conversation): Outcome & { readonly message: string } {
    const handler = new Handler();
    this.#client.dispatch({ method, path: "/" }, handler);
    this.#connected!();
    const socket = this.#socket;
    for (const piece of pieces) socket.feed(piece);
    const kept = handler.isWhole && !socket.destroyed;
    socket.end();
    if (!handler.isWhole) {
      const message = handler.error instanceof Error ? handler.error.message : "nothing";
      return { error: classify(handler.error), status: 0, head: "", body: "", kept: false, message };
    }
    return { error: null, status: handler.status, head: handler.head, body: handler.body, kept, message: "" };
  }
}
