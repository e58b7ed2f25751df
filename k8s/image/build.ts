// The image without a Docker daemon: a root of a few Debian packages, this Node, and the agent, as an OCI archive.
// npm run -s image -- --out loadswarm.tar [--name loadswarm:0.1.0]
//
// Wants Debian (apt-get, dpkg) of this machine's kind of processor. What the Dockerfile takes from base images is made
// here of the packages that Node links to: the image has no shell and no package manager, and is otherwise used alike.

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { assemble } from "./assemble.ts";
import { type ImageConfig, writeImage } from "./oci.ts";

/** What Node links to, and what tells names and zones. */
const PACKAGES = ["base-files", "libc6", "libgcc-s1", "libstdc++6", "libatomic1", "gcc-12-base", "netbase"];
const USER = 65532;

/** As in the Dockerfile; a test compares them. */
export const CONFIG: ImageConfig = {
  User: `${USER}:${USER}`,
  ExposedPorts: { "7400/tcp": {}, "7480/tcp": {}, "7481/tcp": {} },
  Env: [
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "NODE_COMPILE_CACHE=/app/.cache",
    "NODE_COMPILE_CACHE_PORTABLE=1",
    "NODE_ENV=production",
    "MALLOC_MMAP_THRESHOLD_=32768",
  ],
  Entrypoint: ["node", "node/main.ts"],
  Cmd: ["agent"],
  WorkingDir: "/app",
  Labels: { "org.opencontainers.image.title": "loadswarm", "org.opencontainers.image.licenses": "MIT" },
};

/** Packages as they are downloaded, unpacked without their scripts. */
function base(root: string, work: string): void {
  const debs = join(work, "debs");
  mkdirSync(debs);
  execFileSync("apt-get", ["download", "-q", ...PACKAGES], { cwd: debs, stdio: ["ignore", "ignore", "pipe"] });
  const status = join(root, "var/lib/dpkg/status.d");
  mkdirSync(status, { recursive: true });
  for (const deb of readdirSync(debs)) {
    execFileSync("dpkg-deb", ["-x", join(debs, deb), root]);
    // Where scanners look for what is installed.
    writeFileSync(join(status, deb.split("_")[0]!), execFileSync("dpkg-deb", ["-f", join(debs, deb)]));
  }
  for (const unread of ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian"]) {
    rmSync(join(root, unread), { recursive: true, force: true });
  }
  mkdirSync(join(root, "etc"), { recursive: true });
  const nobody = "/nonexistent:/usr/sbin/nologin";
  writeFileSync(join(root, "etc/passwd"), `root:x:0:0:root:${nobody}\nloadswarm:x:${USER}:${USER}:loadswarm:${nobody}\n`);
  writeFileSync(join(root, "etc/group"), `root:x:0:\nloadswarm:x:${USER}:\n`);
  writeFileSync(join(root, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  for (const place of ["dev", "proc", "sys", "tmp"]) mkdirSync(join(root, place), { recursive: true });
  chmodSync(join(root, "tmp"), 0o1777);
}

/** This process's own Node, without what debuggers read, if strip is there. */
function node(root: string): void {
  const to = join(root, "usr/local/bin/node");
  mkdirSync(join(root, "usr/local/bin"), { recursive: true });
  copyFileSync(realpathSync(process.execPath), to);
  chmodSync(to, 0o755);
  try {
    execFileSync("strip", ["-s", to], { stdio: ["ignore", "ignore", "pipe"] });
  } catch {
    process.stderr.write("strip is missing (apt-get install binutils): the image is 33 MB larger than it need be\n");
  }
}

/** Debian moved /bin, /lib and /sbin into /usr; packages of either age must land in the same place. */
function mergeUsr(root: string): void {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    const [old, now] = [join(root, name), join(root, "usr", name)];
    mkdirSync(now, { recursive: true });
    if (existsSync(old) && !lstatSync(old).isSymbolicLink()) {
      cpSync(old, now, { recursive: true, verbatimSymlinks: true });
      rmSync(old, { recursive: true });
    }
    if (!existsSync(old)) execFileSync("ln", ["-s", `usr/${name}`, old]);
  }
}

/** Builds `archive`; returns the image's digest. */
export async function build(archive: string, name: string): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), "loadswarm-image-"));
  try {
    const layers = ["base", "node", "app"].map((layer) => join(work, layer));
    for (const layer of layers) mkdirSync(layer);
    const [first, second, third] = layers as [string, string, string];
    base(first, work);
    mergeUsr(first);
    node(second);
    await assemble(join(third, "app"));
    // Whoever packs runs as somebody else than who reads.
    execFileSync("chmod", ["-R", "a+rX", ...layers]);
    return writeImage({ layers, config: CONFIG, name, work: join(work, "layout"), archive });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const options = { out: { type: "string", default: "loadswarm.tar" }, name: { type: "string", default: "loadswarm:0.1.0" } } as const;
  const { values } = parseArgs({ options });
  process.stdout.write(`${values.out}: ${values.name} ${await build(values.out, values.name)}\n`);
}
