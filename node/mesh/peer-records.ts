// What libp2p notes of peers, in memory, for as long as there are connections to them: by itself it would keep it for good.

import type { PeerId } from "@libp2p/interface";
import { MemoryDatastore } from "datastore-core/memory";

/** As @libp2p/peer-store makes them. */
const PREFIX = "/peers/";
type Key = Parameters<MemoryDatastore["put"]>[0];

export class PeerRecords extends MemoryDatastore {
  #unconnected = new Set<string>();

  /** A copy: what is handed over lies in a block of 64 KiB of Node's pool, and would keep all of that. */
  override put(key: Key, record: Uint8Array): Key | Promise<Key> {
    return super.put(key, new Uint8Array(record));
  }

  /**
   * Forgets whoever is not connected, and was not the last time either: libp2p looks into the record when a connection has
   * gone, and makes one while another comes. `connected` is to contain this agent itself.
   */
  async sweep(connected: readonly PeerId[]): Promise<void> {
    const kept = new Set(connected.map((peer) => `${PREFIX}${peer.toCID()}`));
    const unconnected = new Set<string>();
    const gone: Key[] = [];
    for await (const key of this.queryKeys({ prefix: PREFIX })) {
      if (kept.has(key.toString())) continue;
      if (this.#unconnected.has(key.toString())) gone.push(key);
      else unconnected.add(key.toString());
    }
    this.#unconnected = unconnected;
    for (const key of gone) await this.delete(key);
  }
}
