// A name server on one address: one name with as many addresses as you like, as a cluster's DNS has for a headless Service.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, isIPv6, type Server, type Socket as Connection } from "node:net";

/** What a client without EDNS takes in a datagram; more, and it asks again by TCP (RFC 1035, 4.2.1). */
const DATAGRAM_BYTES = 512;
const HEADER_BYTES = 12;
/** A port that is free for connections may be somebody's for datagrams. */
const TRIES = 10;
const TYPE_A = 1;
const TYPE_AAAA = 28;
const TTL_S = 5;
/** Of a record, without its address. */
const RECORD_BYTES = 12;

export class NameServer {
  readonly port: number;
  /** Questions that came, by how they came. */
  readonly asked = { udp: 0, tcp: 0 };
  /** What the name resolves to now. */
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
    for (let tries = 1; ; tries++) {
      const tcp = createServer();
      const udp = createSocket("udp4");
      try {
        tcp.listen(port, ip);
        await once(tcp, "listening");
        const bound = (tcp.address() as AddressInfo).port;
        udp.bind(bound, ip);
        await once(udp, "listening");
        return new NameServer(name, bound, udp, tcp);
      } catch (error) {
        // A socket that is left open would keep the process of the test for good.
        tcp.close();
        udp.close();
        const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
        if (!isTaken || port !== 0 || tries === TRIES) throw error;
      }
    }
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
    const records = known ? this.addresses.filter((address) => type === (isIPv6(address) ? TYPE_AAAA : TYPE_A)).map(bytesOf) : [];
    const sizeBytes = records.reduce((sum, { length }) => sum + RECORD_BYTES + length, end);
    const isCut = sizeBytes > limitBytes;
    const answer = Buffer.alloc(isCut ? end : sizeBytes);
    question.copy(answer, 0, 0, end);
    const [authoritative, cut, noSuchName] = [0x0400, isCut ? 0x0200 : 0, known ? 0 : 3];
    answer.writeUInt16BE(0x8000 | (question.readUInt16BE(2) & 0x0100) | authoritative | cut | noSuchName, 2);
    answer.writeUInt16BE(1, 4);
    answer.writeUInt16BE(isCut ? 0 : records.length, 6);
    answer.writeUInt32BE(0, 8);
    if (isCut) return answer;
    let at = end;
    for (const address of records) {
      // A pointer to the name in the question, the type, IN, TTL, the address.
      answer.writeUInt16BE(0xc00c, at);
      answer.writeUInt16BE(type, at + 2);
      answer.writeUInt16BE(1, at + 4);
      answer.writeUInt32BE(TTL_S, at + 6);
      answer.writeUInt16BE(address.length, at + 10);
      answer.set(address, at + RECORD_BYTES);
      at += RECORD_BYTES + address.length;
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

/** RFC 4291, 2.2: of IPv6 in hexadecimal, with one `::` at most. */
function bytesOf(address: string): Uint8Array {
  if (!isIPv6(address)) return Uint8Array.from(address.split("."), Number);
  const [head, tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":"))) as [string[], string[]?];
  const groups = tail === undefined ? head : [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]));
}
