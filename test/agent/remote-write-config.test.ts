// Where metrics go, as told: what is refused and with which hint, and what becomes of the rest.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { checkRemoteWrite, type RemoteWriteConfig } from "../../node/agent/remote-write-config.ts";
import { CERTIFICATE, KEY } from "../load/certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "loadswarm-push-"));
const SECRET = join(folder, "secret");
writeFileSync(SECRET, "hunter2\n");
const CERT_FILE = join(folder, "tls.crt");
writeFileSync(CERT_FILE, CERTIFICATE);
const KEY_FILE = join(folder, "tls.key");
writeFileSync(KEY_FILE, KEY);
after(() => rmSync(folder, { recursive: true }));

const config = (more: Partial<RemoteWriteConfig> = {}): RemoteWriteConfig => ({
  url: "http://prometheus:9090/api/v1/write",
  intervalMs: 5000,
  protocol: "auto",
  histograms: "native",
  maxAgeMs: 600_000,
  user: null,
  passwordFile: null,
  tokenFile: null,
  headers: [],
  caFile: null,
  certFile: null,
  keyFile: null,
  insecure: false,
  ...more,
});

describe("remote write", () => {
  it("without a URL there is none", () => {
    for (const none of [null, config({ url: null }), config({ url: "" })]) assert.equal(checkRemoteWrite(none), null);
  });

  it("headers are split at the first =", () => {
    const checked = checkRemoteWrite(config({ headers: ["X-Scope-OrgID=team-a", "x-query=a=b"] }))!;
    assert.deepEqual(checked.receiver.headers, { "X-Scope-OrgID": "team-a", "x-query": "a=b" });
  });

  it("basic and bearer authorization come from files, read anew each time", async () => {
    const basic = checkRemoteWrite(config({ user: "me", passwordFile: SECRET }))!.receiver.authorization!;
    assert.equal(await basic(), `Basic ${btoa("me:hunter2")}`);
    const bearer = checkRemoteWrite(config({ tokenFile: SECRET }))!.receiver.authorization!;
    assert.equal(await bearer(), "Bearer hunter2");
    writeFileSync(SECRET, "rotated\n");
    assert.equal(await bearer(), "Bearer rotated");
  });

  it("a token that becomes none fails the push, and never gets into a header", async () => {
    const bearer = checkRemoteWrite(config({ tokenFile: SECRET }))!.receiver.authorization!;
    for (const none of ["", "two\nlines", "caf\u00e9", "a\u0000b"]) {
      writeFileSync(SECRET, none);
      await assert.rejects(bearer(), /holds no token/);
      assert.throws(() => checkRemoteWrite(config({ tokenFile: SECRET })), { code: "CONFIG_INVALID", hint: /one line/ });
    }
    writeFileSync(SECRET, "hunter2\n");
    assert.equal(await bearer(), "Bearer hunter2");
  });

  it("certificates are read at the start", () => {
    const files = { caFile: CERT_FILE, certFile: CERT_FILE, keyFile: KEY_FILE };
    const { ca, cert, key } = checkRemoteWrite(config(files))!.receiver;
    assert.deepEqual([ca, cert, key], [CERTIFICATE, CERTIFICATE, KEY]);
  });

  const missing = join(folder, "missing");
  const refused: readonly [string, Partial<RemoteWriteConfig>, RegExp, RegExp][] = [
    ["a URL that is none", { url: "prometheus:9090" }, /is no http URL/, /api\/v1\/write/],
    ["another scheme", { url: "ftp://prometheus/" }, /is no http URL/, /http:/],
    ["a password in the URL", { url: "http://me:secret@prometheus/" }, /process lists/, /password-file/],
    ["a password in a faulty URL", { url: "http://me:secret@prometheus:99999/" }, /"http:\/\/…@prometheus:99999/, /http:/],
    ["a password with an @ in it", { url: "ftp://me:a@secret@prometheus/" }, /"ftp:\/\/…@prometheus/, /http:/],
    ["an interval below a second", { intervalMs: 999 }, /below a second/, /1s/],
    ["an unknown version", { protocol: "3.0" }, /"3.0" does not exist/, /auto, 1.0, 2.0/],
    ["unknown histograms", { histograms: "sparse" }, /does not exist/, /native, classic/],
    ["a header without a value", { headers: ["X-Scope-OrgID"] }, /is no header/, /NAME=VALUE/],
    ["a header with a line break", { headers: ["a=b\nc: d"] }, /is no header/, /NAME=VALUE/],
    ["a header whose value nobody should read", { headers: ["X-Token: secret@"] }, /"X-Token" is no header/, /NAME=VALUE/],
    ["a header of the protocol", { headers: ["Content-Encoding=gzip"] }, /belongs to the protocol/, /leave it out/],
    ["a user without a password", { user: "me" }, /go together/, /both/],
    ["two ways to authorize", { user: "me", passwordFile: SECRET, tokenFile: SECRET }, /both/, /one/],
    ["a token that is not there", { tokenFile: missing }, /cannot be read/, /path/],
    ["a certificate without its key", { certFile: SECRET }, /go together/, /both/],
    ["a certificate that is none", { certFile: SECRET, keyFile: KEY_FILE }, /tls\.key are no certificate and its key/, /PEM/],
    ["a key that is none", { certFile: CERT_FILE, keyFile: SECRET }, /are no certificate and its key/, /PEM/],
    ["an authority that is none", { caFile: SECRET }, /holds no certificate/, /BEGIN CERTIFICATE/],
    ["an authority that is not there", { caFile: missing }, /--remote-write-ca .* cannot be read/, /path/],
  ];
  for (const [what, more, message, hint] of refused) {
    it(`${what} is refused`, () => {
      assert.throws(() => checkRemoteWrite(config(more)), (error: Error & { code: string; hint: string }) => {
        assert.equal(error.code, "CONFIG_INVALID");
        assert.match(error.message, message);
        assert.match(error.hint, hint);
        assert.ok(!error.message.includes("secret@"));
        return true;
      });
    });
  }
});
