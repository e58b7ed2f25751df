// nginx as the target that nobody here wrote: its access log is the judge.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BINARY = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find((path) => existsSync(path));

/** Why nginx cannot be used; null if it can. In CI that is a failure, elsewhere a visible skip. */
export const nginxMissing = BINARY === undefined ? "nginx is not installed (apt-get install nginx)" : null;

export interface LogLine {
  /** Seconds since the epoch, when the answer was complete. */
  readonly at: number;
  readonly uri: string;
  readonly status: number;
  /** As "HTTP/1.1", "HTTP/2.0". */
  readonly protocol: string;
}

/** What else it listens on, for tests of HTTP/2. All of it asks for another connection after so many requests. */
export interface SecureOptions {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  readonly requestsPerConnection: number;
}

export class Nginx {
  readonly url: string;
  /** HTTP/2 without TLS, HTTP/2 or 1.1 with TLS, HTTP/1.1 only with TLS; nothing listens there unless it was asked for. */
  readonly h2c: string;
  readonly h2: string;
  readonly https: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, [port, h2c, h2, https]: readonly number[], process: ChildProcess) {
    this.#folder = folder;
    this.#process = process;
    this.url = `http://127.0.0.1:${port}`;
    this.h2c = `http://127.0.0.1:${h2c}`;
    this.h2 = `https://localhost:${h2}`;
    this.https = `https://localhost:${https}`;
  }

  static async start(secure?: SecureOptions): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), "loadswarm-nginx-"));
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    const more = secure === undefined ? "" : secureServers(folder, ports, secure);
    writeFileSync(join(folder, "nginx.conf"), configuration(folder, ports[0]!, more));
    execFileSync(BINARY!, ["-t", "-q", "-c", join(folder, "nginx.conf"), "-p", folder]);
    const child = spawn(BINARY!, ["-c", join(folder, "nginx.conf"), "-p", folder, "-g", "daemon off;"], { stdio: "ignore" });
    const nginx = new Nginx(folder, ports, child);
    await nginx.#answers();
    return nginx;
  }

  log(): LogLine[] {
    return readFileSync(join(this.#folder, "access.log"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.includes(" /ready "))
      .map((line) => {
        const [at, uri, status, protocol] = line.split(" ");
        return { at: Number(at), uri: uri!, status: Number(status), protocol: protocol! };
      });
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await fetch(`${this.url}/ready`);
        return;
      } catch (cause) {
        if (tries === 100) throw cause;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

/** One worker, every request logged at once, connections kept for as long as the test lasts. */
function configuration(folder: string, port: number, more: string): string {
  return `
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log;
    events { worker_connections 4096; }
    http {
      log_format judge '$msec $request_uri $status $server_protocol';
      access_log ${folder}/access.log judge;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      keepalive_requests 10000000;
      keepalive_timeout 600s;
      server {
        listen 127.0.0.1:${port} backlog=4096;
        location / { return 200 "ok"; }
      }
      ${more}
    }`;
}

function secureServers(folder: string, [, h2c, h2, https]: readonly number[], secure: SecureOptions): string {
  writeFileSync(join(folder, "key.pem"), secure.key);
  writeFileSync(join(folder, "certificate.pem"), secure.certificate);
  const common = `ssl_certificate ${folder}/certificate.pem; ssl_certificate_key ${folder}/key.pem;
    keepalive_requests ${secure.requestsPerConnection}; location / { return 200 "ok"; }`;
  return `
      server { listen 127.0.0.1:${h2c} http2 backlog=4096; ${common} }
      server { listen 127.0.0.1:${h2} ssl http2 backlog=4096; ${common} }
      server { listen 127.0.0.1:${https} ssl backlog=4096; ${common} }`;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
