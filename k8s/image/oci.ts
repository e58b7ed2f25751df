// Writes an image as the OCI image layout says (github.com/opencontainers/image-spec), in a tar that `ctr image import`,
// `podman load`, `skopeo copy oci-archive:` and `kind load image-archive` take. The same input gives the same bytes.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** What a container gets unless told otherwise; names as in the specification. */
export interface ImageConfig {
  readonly User: string;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
/** Files in layers and in the archive have this time: one that does not change. */
const EPOCH = "1970-01-01T00:00:00Z";
const LARGEST_LAYER_BYTES = 1 << 30;

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A tar of the folder's content, in order, owned by root. */
function tarOf(folder: string): Buffer {
  const same = ["--sort=name", `--mtime=${EPOCH}`, "--owner=0", "--group=0", "--numeric-owner", "--format=gnu"];
  return execFileSync("tar", [...same, "-C", folder, "-cf", "-", "."], { maxBuffer: LARGEST_LAYER_BYTES });
}

/**
 * `layers` are folders, the lowest first; `work` is an empty folder for the layout. Returns the image's digest.
 * Each layer is held in memory for a moment.
 */
export function writeImage(options: {
  readonly layers: readonly string[];
  readonly config: ImageConfig;
  readonly name: string;
  readonly work: string;
  readonly archive: string;
}): string {
  const { layers, config, name, work, archive } = options;
  const blobs = join(work, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const blob = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = sha256(bytes);
    writeFileSync(join(blobs, digest.slice("sha256:".length)), bytes);
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest, size: bytes.length };
  };
  const json = (mediaType: string, value: object) => blob(mediaType, Buffer.from(JSON.stringify(value)));
  const diffIds: string[] = [];
  const packed = layers.map((folder) => {
    const tar = tarOf(folder);
    diffIds.push(sha256(tar));
    return blob("layer.v1.tar+gzip", gzipSync(tar, { level: 6 }));
  });
  const platform = { architecture: ARCHITECTURES[process.arch]!, os: "linux" };
  const rootfs = { type: "layers", diff_ids: diffIds };
  const image = json("config.v1+json", { created: EPOCH, ...platform, config, rootfs });
  const manifest = json("manifest.v1+json", { schemaVersion: 2, mediaType: MANIFEST, config: image, layers: packed });
  const annotations = { "org.opencontainers.image.ref.name": name };
  writeFileSync(join(work, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: [{ ...manifest, platform, annotations }] };
  writeFileSync(join(work, "index.json"), JSON.stringify(index));
  rmSync(archive, { force: true });
  writeFileSync(archive, tarOf(work));
  return manifest.digest;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

/** Puts the layers of an archive on top of each other, as a container runtime would. @returns the image's config */
export function unpackImage(archive: string, work: string, rootfs: string): ImageConfig {
  mkdirSync(work, { recursive: true });
  mkdirSync(rootfs, { recursive: true });
  execFileSync("tar", ["-C", work, "-xf", archive]);
  const read = (digest: string): any => JSON.parse(readFileSync(join(work, "blobs/sha256", digest.replace("sha256:", "")), "utf8"));
  const { manifests } = JSON.parse(readFileSync(join(work, "index.json"), "utf8")) as { manifests: Descriptor[] };
  const manifest = read(manifests[0]!.digest) as { config: Descriptor; layers: Descriptor[] };
  for (const { digest } of manifest.layers) {
    execFileSync("tar", ["-C", rootfs, "-xzf", join(work, "blobs/sha256", digest.replace("sha256:", ""))]);
  }
  return (read(manifest.config.digest) as { config: ImageConfig }).config;
}
