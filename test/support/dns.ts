// A name server on one address: one name with as many addresses as you like, as a cluster's DNS has for a headless Service.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket as Connection } from "node:net";

/** What a client without EDNS takes in a datagram; more, and it asks again by TCP (RFC 1035, 4.2.1). */
const DATAGRAM_BYTES = 512;
const HEADER_BYTES = 12;
const TYPE_A = 1;
const TTL_S = 5;

export class NameServer {
  readonly port: number;
  /** Questions that came, by how they came. */
  readonly asked = { udp: 0, tcp: 0 };
  /** What the name resolves to now: IPv4. */
  addresses: readonly string[] = [];
  /** Not to answer at all. */
  silent = false;
  readonly #name: string;
  readonly #udp: Socket;
  readonly #tcp: Server;

  private constructor(name: string, port: number, udp: Socket, tcp: Server) {
    this.#name = name;
    this.port = port;
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on("message", (question, from) => {
      this.asked.udp++;
      if (!this.silent) udp.send(this.#answer(question, DATAGRAM_BYTES), from.port, from.address);
    });
    tcp.on("connection", (connection) => this.#serve(connection));
  }

  /** Port 0 is any that is free, for datagrams and connections alike. @throws EADDRINUSE, EACCES */
  static async start(name: string, ip: string, port = 0): Promise<NameServer> {
    const udp = createSocket("udp4");
    udp.bind(port, ip);
    await once(udp, "listening");
    const bound = udp.address().port;
    const tcp = createServer();
    tcp.listen(bound, ip);
    await once(tcp, "listening");
    return new NameServer(name, bound, udp, tcp);
  }

  async stop(): Promise<void> {
    this.#udp.close();
    this.#tcp.close();
    await once(this.#tcp, "close");
  }

  #serve(connection: Connection): void {
    let received = Buffer.alloc(0);
    connection.on("error", () => {});
    connection.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const answer = this.#answer(received.subarray(2, end), 65_535);
        received = received.subarray(end);
        this.asked.tcp++;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        if (!this.silent) connection.write(Buffer.concat([length, answer]));
      }
    });
  }

  /** RFC 1035, 4.1: the question once more, then every address that it asks for, or as the flags say none. */
  #answer(question: Buffer, limitBytes: number): Buffer {
    const { name, type, end } = questionOf(question);
    const known = name === this.#name;
    const records = known && type === TYPE_A ? this.addresses : [];
    const sizeBytes = end + 16 * records.length;
    const isCut = sizeBytes > limitBytes;
    const answer = Buffer.alloc(isCut ? end : sizeBytes);
    question.copy(answer, 0, 0, end);
    const [authoritative, cut, noSuchName] = [0x0400, isCut ? 0x0200 : 0, known ? 0 : 3];
    answer.writeUInt16BE(0x8000 | (question.readUInt16BE(2) & 0x0100) | authoritative | cut | noSuchName, 2);
    answer.writeUInt16BE(1, 4);
    answer.writeUInt16BE(isCut ? 0 : records.length, 6);
    answer.writeUInt32BE(0, 8);
    if (isCut) return answer;
    for (const [i, address] of records.entries()) {
      const at = end + 16 * i;
      // A pointer to the name in the question, A, IN, TTL, four bytes.
      answer.writeUInt32BE(0xc00c0001, at);
      answer.writeUInt16BE(1, at + 4);
      answer.writeUInt32BE(TTL_S, at + 6);
      answer.writeUInt16BE(4, at + 10);
      for (const [byte, part] of address.split(".").entries()) answer.writeUInt8(Number(part), at + 12 + byte);
    }
    return answer;
  }
}

function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString("ascii", at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join("."), type: message.readUInt16BE(at + 1), end: at + 5 };
}
