// TCP and UDP sinks: swallow what is sent and count it.

import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Other ports tried when any free port is wanted and UDP has none left at TCP's number. */
const ATTEMPTS = 5;
/** A TCP connection silent for longer is closed. */
const IDLE_MS = 60_000;

export interface SinkStats {
  tcp: { connections: number; bytes: number; messages: number };
  udp: { bytes: number; messages: number };
}

/** A TCP message ends with a line feed; a UDP message is a datagram. */
export class Sinks {
  readonly #stats: SinkStats = { tcp: { connections: 0, bytes: 0, messages: 0 }, udp: { bytes: 0, messages: 0 } };
  readonly #open = new Set<Socket>();
  #tcp: Server | null = null;
  #udp: UdpSocket | null = null;

  /** Binds both on one port number and returns it; `port` 0 = any free one. Rejects with the error of the socket. */
  async listen(host: string, port: number): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#bind(host, port);
      } catch (error) {
        await this.close();
        if (port !== 0 || attempt === ATTEMPTS) throw error;
      }
    }
  }

  stats(): SinkStats {
    return this.#stats;
  }

  reset(): void {
    Object.assign(this.#stats.tcp, { connections: 0, bytes: 0, messages: 0 });
    Object.assign(this.#stats.udp, { bytes: 0, messages: 0 });
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    if (this.#tcp?.listening) await new Promise((resolve) => this.#tcp!.close(resolve));
    this.#udp?.close();
    this.#udp = null;
  }

  async #bind(host: string, port: number): Promise<number> {
    const tcp = createServer((socket) => this.#accept(socket));
    this.#tcp = tcp;
    tcp.listen(port, host);
    await once(tcp, "listening");
    const bound = (tcp.address() as AddressInfo).port;
    const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
    this.#udp = udp;
    udp.on("message", (message) => {
      this.#stats.udp.messages++;
      this.#stats.udp.bytes += message.length;
    });
    udp.bind(bound, host);
    await once(udp, "listening");
    return bound;
  }

  #accept(socket: Socket): void {
    const { tcp } = this.#stats;
    tcp.connections++;
    this.#open.add(socket);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      tcp.bytes += chunk.length;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) tcp.messages++;
    });
    // A reset by the sender is its affair; what it sent has been counted.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#open.delete(socket));
  }
}
