// The target of all comparisons: nginx with one worker, pinned to a core of its own. It counts the requests.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Pin, pinned } from "./pin.ts";

const BINARY = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find((path) => existsSync(path));

/** What every answer carries; a body check looks for `NEEDLE`. */
const BODY = '{"id":"tt0133093","title":"The Matrix","year":1999}';
export const NEEDLE = "The Matrix";

export interface Urls {
  readonly plain: string;
  /** With an access log: when each request came, to the millisecond. */
  readonly logged: string;
  readonly tls: string;
  readonly h2: string;
}

export class Target {
  readonly urls: Urls;
  /** Signs the certificate of the TLS ports. */
  readonly authority: string;
  readonly folder: string;
  readonly body = BODY;
  readonly #process: ChildProcess;

  private constructor(folder: string, urls: Urls, process: ChildProcess) {
    this.folder = folder;
    this.urls = urls;
    this.authority = join(folder, "authority.pem");
    this.#process = process;
  }

  static async start(pin: Pin): Promise<Target> {
    if (BINARY === undefined) throw new Error("nginx is not installed: bench/peers/install.sh nginx");
    const folder = mkdtempSync(join(tmpdir(), "loadswarm-bench-"));
    makeCertificates(folder);
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const;
    const [plain, logged, tls, h2] = ports;
    writeFileSync(join(folder, "nginx.conf"), configuration(folder, ports));
    const [command, ...args] = pinned(pin, [BINARY, "-c", join(folder, "nginx.conf"), "-p", folder, "-g", "daemon off;"]);
    const child = spawn(command!, args, { stdio: "ignore" });
    const at = (scheme: string, port: number) => `${scheme}://127.0.0.1:${port}`;
    const urls = { plain: at("http", plain), logged: at("http", logged), tls: at("https", tls), h2: at("https", h2) };
    const target = new Target(folder, urls, child);
    await target.#answers();
    return target;
  }

  static version(): string {
    return spawnSync(BINARY!, ["-v"], { encoding: "utf8" }).stderr.replace("nginx version: ", "").trim();
  }

  /** Requests answered so far, over all ports; this one is the last of them. */
  async counted(): Promise<number> {
    const text = await (await fetch(`${this.urls.plain}/status`)).text();
    return Number(/^\s*\d+ \d+ (\d+)/m.exec(text)![1]);
  }

  /** When requests of the log were answered, seconds since the epoch, ascending; and empties the log. */
  takeLog(): number[] {
    const file = join(this.folder, "access.log");
    const times = readFileSync(file, "latin1").split("\n").slice(0, -1).map(Number);
    truncateSync(file);
    return times.sort((a, b) => a - b);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.counted();
        return;
      } catch (cause) {
        if (tries === 100 || this.#process.exitCode !== null) throw new Error("nginx does not answer", { cause });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

/** The log is written without a buffer: what is answered is there at once. */
function configuration(folder: string, [plain, logged, tls, h2]: readonly [number, number, number, number]): string {
  const answer = `default_type application/json; return 200 '${BODY}';`;
  const secured = `ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key;`;
  return `
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log;
    events { worker_connections 8192; }
    http {
      log_format instant '$msec';
      access_log off;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      keepalive_requests 1000000000;
      keepalive_timeout 600s;
      server {
        listen 127.0.0.1:${plain} backlog=4096;
        location / { ${answer} }
        location /status { stub_status; }
      }
      server {
        listen 127.0.0.1:${logged} backlog=4096;
        access_log ${folder}/access.log instant;
        location / { ${answer} }
      }
      server { listen 127.0.0.1:${tls} ssl backlog=4096; ${secured} location / { ${answer} } }
      server { listen 127.0.0.1:${h2} ssl http2 backlog=4096; ${secured} location / { ${answer} } }
    }`;
}

/** An authority of this run alone, and a certificate of it for 127.0.0.1. */
function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "authority.key", "-out", "authority.pem", "-days", "2", "-subj", "/CN=bench");
  openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1");
  writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  const signed = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
  openssl("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.pem");
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
