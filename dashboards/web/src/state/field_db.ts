/** What a phone keeps of Watchfloor: the outbox, and what was seen last. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Channel } from '../protocol/messages';
import type { Item, OutboxStore } from './outbox';

/** What was seen of a channel, and who saw it. */
export interface LastSeen {
  readonly channel: Exclude<Channel, 'sightings'>;
  readonly rows: readonly unknown[];
  /** Our clock when it was certain to be live, ms. */
  readonly at: number;
  /** The account that was signed in; "" where nobody is asked. */
  readonly account: string;
}

interface FieldSchema extends DBSchema {
  outbox: { key: number; value: Omit<Item, 'n'> & { n?: number } };
  last_seen: { key: LastSeen['channel']; value: LastSeen };
}
export type FieldDb = IDBPDatabase<FieldSchema>;

export const openFieldDb = (name = 'watchfloor-field'): Promise<FieldDb> =>
  openDB<FieldSchema>(name, 1, {
    upgrade(db) {
      db.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true });
      db.createObjectStore('last_seen', { keyPath: 'channel' });
    },
  });

/** `strict`: a deed is on the disk, not only on its way there, before anybody is told that it is kept. */
const STRICT = { durability: 'strict' } as const;

export const outboxStore = (db: FieldDb): OutboxStore => ({
  all: async () => (await db.getAll('outbox')) as Item[],
  add: async (item) => {
    const tx = db.transaction('outbox', 'readwrite', STRICT);
    const n = await tx.store.add({ ...item });
    await tx.done;
    return { ...item, n };
  },
  put: async (item) => {
    const tx = db.transaction('outbox', 'readwrite', STRICT);
    // Put away in another page: it stays away.
    if ((await tx.store.getKey(item.n)) !== undefined) await tx.store.put(item);
    await tx.done;
  },
  remove: (n) => db.delete('outbox', n),
});

export async function keepLastSeen(db: FieldDb, seen: readonly LastSeen[]): Promise<void> {
  const tx = db.transaction('last_seen', 'readwrite');
  await Promise.all([...seen.map((one) => tx.store.put(one)), tx.done]);
}

/** What this account saw last; what another one saw is forgotten. */
export async function lastSeen(db: FieldDb, account: string): Promise<readonly LastSeen[]> {
  const all = await db.getAll('last_seen');
  if (all.every((one) => one.account === account)) return all;
  await db.clear('last_seen');
  return [];
}

export const forgetLastSeen = (db: FieldDb): Promise<void> => db.clear('last_seen');
