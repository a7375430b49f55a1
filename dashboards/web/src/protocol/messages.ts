/** The messages of the websocket protocol `watchfloor.v1+json`, and the check every incoming text passes. */
import type { Alert, Attachment, Camera, CameraHealth, Drawing, EmergencyCall, Hotlist, Incident, MapLayer, Sighting, UnitPosition, Zone } from '$schemas/events';

export const SUBPROTOCOL = 'watchfloor.v1+json';

/** What each channel's rows are. */
export interface RowOf {
  alerts: Alert;
  incidents: Incident;
  drawings: Drawing;
  attachments: Attachment;
  calls: EmergencyCall;
  cameras: Camera;
  health: CameraHealth;
  zones: Zone;
  sightings: Sighting;
  hotlists: Hotlist;
  units: UnitPosition;
  layers: MapLayer;
}
export type Channel = keyof RowOf;

export const CHANNELS = ['alerts', 'incidents', 'drawings', 'attachments', 'calls', 'cameras', 'health', 'zones', 'sightings', 'hotlists', 'units', 'layers'] as const;
/** Channels with a continuous sequence: nothing of them may be missed. */
export const LOSSLESS = ['alerts', 'incidents', 'calls'] as const;
export type Lossless = (typeof LOSSLESS)[number];

/** The field that names a row's subject; a newer row of the same subject replaces the older. */
export const KEY_OF: { readonly [C in Channel]: keyof RowOf[C] & string } = {
  alerts: 'alert_id',
  incidents: 'incident_id',
  drawings: 'drawing_id',
  attachments: 'attachment_id',
  calls: 'call_id',
  cameras: 'camera_id',
  health: 'camera_id',
  zones: 'zone_id',
  sightings: 'event_id',
  hotlists: 'list_id',
  units: 'unit_id',
  layers: 'name',
};

export interface Resume {
  readonly epoch: string;
  readonly pos: Partial<Record<Lossless, number>>;
}

/** What a page on a thin line looks at: it is sent units in this box, and those named, at most every `every_s` seconds. */
export interface View {
  readonly t: 'view';
  /** West, south, east, north, degrees. */
  readonly bbox: readonly [number, number, number, number];
  readonly units: readonly string[];
  readonly every_s: number;
}

/** How many times as fast as life a replay may run. */
export const SPEEDS = [1, 2, 5, 10, 30, 60] as const;
export type Speed = (typeof SPEEDS)[number];

/** A past period instead of what is live; times in ms since 1970. */
export interface ReplayWanted {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly speed: Speed;
  readonly paused: boolean;
  readonly actor: string;
}

export const REPLAY_STATES = ['reading', 'playing', 'waiting', 'paused', 'ended', 'failed'] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];

export type ClientMessage =
  | { t: 'hello'; v: 1; client: string; resume: Resume | null; sub: readonly Channel[]; ticket?: string; view?: View; replay?: ReplayWanted }
  | View
  | { t: 'play'; speed: Speed }
  | { t: 'pause' }
  | { t: 'seek'; at: number }
  | { t: 'pong'; n: number }
  | Present
  | { t: 'resync'; ch: Lossless };

/** What this page has open; null: no incident. `actor` counts where nobody is asked to sign in. */
export interface Present {
  readonly t: 'present';
  readonly incident: string | null;
  readonly actor: string;
}

/** Somebody else who has an incident open: "" where no name was given, and since when, ms. */
export interface Person {
  readonly name: string;
  readonly since: number;
}

export interface ChannelDelta {
  /** First and last sequence number in it; only lossless channels have them. */
  readonly from?: number;
  readonly to?: number;
  readonly rows: readonly unknown[];
  /** Rows the hub left out because they came too fast. */
  readonly dropped?: number;
}

/** Seconds that the oldest event which waits for a stage of the server has waited; stages in time are left out. */
export type Behind = Readonly<Record<string, number>>;

export type ServerMessage =
  /** `loading`: the server still reads its log; the snapshots come when it has. `behind`: seconds by delayed stage. */
  | { t: 'welcome'; epoch: string; now: number; mode: 'resume' | 'snapshot'; hb: number; version: string; loading: boolean; behind: Behind }
  | { t: 'snap'; ch: Channel; pos: number; part: number; of: number; rows: readonly unknown[] }
  | { t: 'd'; now: number; ch: Partial<Record<Channel, ChannelDelta>> }
  | { t: 'gap'; ch: Lossless }
  | { t: 'ping'; n: number; now: number; loading: boolean; behind: Behind }
  | { t: 'slow'; drop: Partial<Record<Channel, number>> }
  /** Who else has this incident open. */
  | { t: 'present'; incident: string; people: readonly Person[] }
  /** Where a replay stands; `why` only where it failed. */
  | { t: 'replay'; now: number; state: ReplayState; speed: Speed; why: string };

export const isChannel = (value: unknown): value is Channel => (CHANNELS as readonly unknown[]).includes(value);
export const isLossless = (value: unknown): value is Lossless => (LOSSLESS as readonly unknown[]).includes(value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function readDelta(value: unknown): ChannelDelta | null {
  if (!isRecord(value) || !Array.isArray(value['rows'])) return null;
  const { from, to, dropped, rows } = value;
  return {
    rows: rows as unknown[],
    ...(isCount(from) && { from }),
    ...(isCount(to) && { to }),
    ...(isCount(dropped) && { dropped }),
  };
}

function readByChannel<T>(value: unknown, read: (inner: unknown) => T | null): Partial<Record<Channel, T>> {
  const out: Partial<Record<Channel, T>> = {};
  if (!isRecord(value)) return out;
  for (const [name, inner] of Object.entries(value)) {
    const row = read(inner);
    // A channel this page does not know comes from a newer server and is not for us.
    if (isChannel(name) && row !== null) out[name] = row;
  }
  return out;
}

function readBehind(value: unknown): Behind {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, number] => isCount(entry[1])));
}

/** Return the message in a text from the server, or null when it is none that this page knows. Never throws. */
export function readMessage(text: string): ServerMessage | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(raw)) return null;
  const { t, now, ch, n } = raw;
  const loading = raw['loading'] === true;
  const behind = readBehind(raw['behind']);
  if (t === 'welcome' && typeof raw['epoch'] === 'string' && isCount(now)) {
    const { epoch, mode, hb, version } = raw;
    return {
      t,
      now,
      epoch: epoch as string,
      mode: mode === 'resume' ? 'resume' : 'snapshot',
      hb: isCount(hb) ? hb : 5,
      version: typeof version === 'string' ? version : '',
      loading,
      behind,
    };
  }
  if (t === 'snap' && isChannel(ch) && Array.isArray(raw['rows'])) {
    const { pos, part, of } = raw;
    return {
      t,
      ch,
      rows: raw['rows'] as unknown[],
      pos: isCount(pos) ? pos : 0,
      part: isCount(part) ? part : 1,
      of: isCount(of) ? of : 1,
    };
  }
  if (t === 'd' && isCount(now)) return { t, now, ch: readByChannel(ch, readDelta) };
  if (t === 'gap' && isLossless(ch)) return { t, ch };
  if (t === 'ping' && isCount(n) && isCount(now)) return { t, n, now, loading, behind };
  if (t === 'replay' && isCount(now)) {
    const { state, speed, why } = raw;
    const known = REPLAY_STATES.find((one) => one === state);
    const fast = SPEEDS.find((one) => one === speed);
    return known && fast ? { t, now, state: known, speed: fast, why: typeof why === 'string' ? why : '' } : null;
  }
  if (t === 'present' && typeof raw['incident'] === 'string' && Array.isArray(raw['people'])) {
    const people = (raw['people'] as unknown[]).filter((one): one is Person => isRecord(one) && typeof one['name'] === 'string' && isCount(one['since']));
    return { t, incident: raw['incident'], people };
  }
  if (t === 'slow') return { t, drop: readByChannel(raw['drop'], (v) => (isCount(v) ? v : null)) };
  return null;
}

/** Return the row when it has its key and its times, else null: the screen must not trust what it did not check. */
export function readRow<C extends Channel>(channel: C, value: unknown): RowOf[C] | null {
  if (!isRecord(value)) return null;
  const key = value[KEY_OF[channel]];
  if (typeof key !== 'string' || key === '') return null;
  if (Number.isNaN(Date.parse(String(value['observed_at'])))) return null;
  const lists = LISTS[channel].filter((name) => !Array.isArray(value[name]));
  // A foreign producer may leave fields out that have a default; lists are the ones a screen would stumble on.
  const row = lists.length ? { ...value, ...Object.fromEntries(lists.map((name) => [name, []])) } : value;
  return row as unknown as RowOf[C];
}

/** The subject that may be seen here no longer, where a row says only that; null for a state. */
export function goneKey(channel: Channel, value: unknown): string | null {
  if (!isRecord(value) || value['gone'] !== true) return null;
  const key = value[KEY_OF[channel]];
  return typeof key === 'string' ? key : null;
}

const LISTS: { readonly [C in Channel]: readonly string[] } = {
  alerts: ['zones', 'why', 'triggers', 'actions', 'history', 'standing_before'],
  incidents: ['call_ids', 'zones', 'nearest_cameras', 'units', 'linked', 'actions', 'calls', 'assigned_units', 'refused', 'assessed', 'tasks'],
  drawings: ['corners'],
  attachments: [],
  calls: [],
  cameras: [],
  health: [],
  zones: ['polygons'],
  sightings: ['zones', 'hits', 'incidents'],
  hotlists: [],
  units: [],
  layers: ['source_layers'],
};
