// A target in this very thread: something to send requests to when none may reach anybody.

import { type AddressInfo, createServer, type Socket } from "node:net";

const BODY = '{"id":1,"name":"nobody"}';
const HEAD = "HTTP/1.1 200 OK\r\nserver: loadswarm\r\ncontent-type: application/json\r\nconnection: keep-alive\r\n";
/** Answers come in both forms, so that neither is new to whoever reads them. */
const ANSWERS = [
  `${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}`,
  `${HEAD}transfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
];
/** Ends the first line of a request, and hardly stands anywhere else. */
const REQUEST = " HTTP/1.1\r\n";

export interface OwnTarget {
  readonly origin: string;
  /** Ends all connections. */
  close(): void;
}

/** Null if it cannot listen. It answers, and that is all: it reads no request. */
export async function ownTarget(): Promise<OwnTarget | null> {
  const sockets = new Set<Socket>();
  let nth = 0;
  const server = createServer((socket) => {
    const answer = ANSWERS[nth++ % ANSWERS.length]!;
    sockets.add(socket);
    socket.on("data", (bytes: Buffer) => {
      for (let at = bytes.indexOf(REQUEST); at >= 0; at = bytes.indexOf(REQUEST, at + REQUEST.length)) socket.write(answer);
    });
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  const listens = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(0, "127.0.0.1", () => resolve(true));
  });
  if (!listens) return null;
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
