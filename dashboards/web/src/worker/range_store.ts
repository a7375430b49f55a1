/** Parts of map archives that were shown, kept for when there is no line. A cache takes no partial answers; this does. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

/** The most that is kept, bytes: what was used longest ago goes first. */
export const MOST_BYTES = 30_000_000;
/** When something was used is written down this coarsely, ms. */
const USED_STEP_MS = 60_000;

export interface KeptRange {
  /** Archive and range, as one word. */
  readonly key: string;
  readonly archive: string;
  readonly size: number;
  readonly used: number;
  readonly etag: string;
  /** The answer's Content-Range. */
  readonly place: string;
}

interface RangeSchema extends DBSchema {
  kept: { key: string; value: KeptRange };
  bytes: { key: string; value: ArrayBuffer };
  /** The etag of each archive when its beginning was last read from the server. */
  archives: { key: string; value: string };
}

export class RangeStore {
  #db: Promise<IDBPDatabase<RangeSchema>> | null = null;

  constructor(private readonly name = 'watchfloor-maps', private readonly most = MOST_BYTES, private readonly now: () => number = Date.now) {}

  #open(): Promise<IDBPDatabase<RangeSchema>> {
    this.#db ??= openDB<RangeSchema>(this.name, 1, {
      upgrade(db) {
        db.createObjectStore('kept', { keyPath: 'key' });
        db.createObjectStore('bytes');
        db.createObjectStore('archives');
      },
    });
    return this.#db;
  }

  /** A part of the archive as it was when its beginning was read last; null when it is not here. */
  async get(archive: string, range: string): Promise<{ readonly kept: KeptRange; readonly bytes: ArrayBuffer } | null> {
    const db = await this.#open();
    const key = `${archive} ${range}`;
    const tx = db.transaction(['kept', 'bytes', 'archives'], 'readwrite');
    const [kept, bytes, etag] = await Promise.all([
      tx.objectStore('kept').get(key), tx.objectStore('bytes').get(key), tx.objectStore('archives').get(archive),
    ]);
    const found = kept && bytes && kept.etag === etag ? { kept, bytes } : null;
    if (found && this.now() - found.kept.used > USED_STEP_MS) await tx.objectStore('kept').put({ ...found.kept, used: this.now() });
    await tx.done;
    return found;
  }

  /** The archive's beginning was read from the server: parts of another edition of it are of no use any more. */
  async renew(archive: string, etag: string): Promise<void> {
    const tx = (await this.#open()).transaction(['kept', 'bytes', 'archives'], 'readwrite');
    if ((await tx.objectStore('archives').get(archive)) !== etag) {
      for (const kept of await tx.objectStore('kept').getAll()) {
        if (kept.archive === archive && kept.etag !== etag) await drop(tx, kept.key);
      }
      await tx.objectStore('archives').put(etag, archive);
    }
    await tx.done;
  }

  async put(archive: string, range: string, etag: string, place: string, bytes: ArrayBuffer): Promise<void> {
    if (bytes.byteLength > this.most) return;
    const tx = (await this.#open()).transaction(['kept', 'bytes', 'archives'], 'readwrite');
    const key = `${archive} ${range}`;
    await tx.objectStore('kept').put({ key, archive, size: bytes.byteLength, used: this.now(), etag, place });
    await tx.objectStore('bytes').put(bytes, key);
    const all = await tx.objectStore('kept').getAll();
    let total = all.reduce((sum, one) => sum + one.size, 0);
    for (const one of all.sort((a, b) => a.used - b.used)) {
      if (total <= this.most) break;
      total -= one.size;
      await drop(tx, one.key);
    }
    await tx.done;
  }

  /** Bytes that are kept. */
  async size(): Promise<number> {
    return (await (await this.#open()).getAll('kept')).reduce((sum, one) => sum + one.size, 0);
  }
}

type Tx = ReturnType<IDBPDatabase<RangeSchema>['transaction']>;
async function drop(tx: unknown, key: string): Promise<void> {
  const stores = tx as { objectStore(name: string): { delete(key: string): Promise<void> } } & Pick<Tx, 'done'>;
  await stores.objectStore('kept').delete(key);
  await stores.objectStore('bytes').delete(key);
}
