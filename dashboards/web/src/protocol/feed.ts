/** The live connection: hello, resume, snapshots, deltas, heartbeats and coming back. Knows nothing of any screen. */
import { waitMs } from './backoff';
import {
  CHANNELS, isLossless, LOSSLESS, readMessage, SUBPROTOCOL,
  type Behind, type Channel, type ChannelDelta, type ClientMessage, type Lossless, type Person, type Present, type ReplayState, type ReplayWanted,
  type ServerMessage, type Speed, type View,
} from './messages';
import { Sequence } from './sequence';

/** The part of a WebSocket that is used, so that a test can stand in for it. */
export interface Socket {
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason?: string }) => void) | null;
}

export interface FeedClock {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

/** Where what arrives goes to. `now` is the server's clock, ms. */
export interface FeedSink {
  /** The channel's whole content; everything known of it before is gone. */
  replace(channel: Channel, rows: readonly unknown[]): void;
  /** New states, in order. */
  merge(channel: Channel, rows: readonly unknown[], now: number): void;
  /** The hub left rows of a best-effort channel out. */
  dropped(channel: Channel, count: number): void;
  /** Something arrived: the server's clock and ours at that moment. */
  heard(serverNow: number | null, at: number): void;
  changed(feed: LiveFeed): void;
  /** Who else has an incident open. */
  present?(incident: string, people: readonly Person[]): void;
  /** Where a replay stands. */
  replayed?(state: ReplayState, speed: Speed, why: string, now: number): void;
}

/** What a connection is for, where it is not for everything that is live. */
export interface FeedAsks {
  /** The channels that are asked for; all unless told. */
  readonly channels?: readonly Channel[];
  /** Of a page on a thin line; without it everything is sent as it comes. */
  readonly view?: View;
  /** A replay, and what of it to ask for now: after a break it goes on where it was. */
  readonly replay?: () => ReplayWanted;
}

/** `refused` is final: no sign-in, no right, or a page older than the server. */
export type Phase = 'connecting' | 'open' | 'waiting' | 'refused';

/** No frame at all for this long means that the connection is lost, whatever the socket says (heartbeat is 5 s). */
export const SILENCE_MS = 12_000;
/** A connection that lived this long was a good one: the next wait starts small again. */
const STABLE_MS = 5_000;
/** A snapshot that was asked for and did not come. */
const SNAPSHOT_MS = 15_000;

const FINAL: Readonly<Record<number, string>> = {
  4401: 'Nobody is signed in here.',
  4403: 'This account may not see the live map.',
  4404: 'There is nothing to replay.',
  4429: 'As many replays run on this server as may.',
  4409: 'This page is older than the server. Reload the page.',
};

export class LiveFeed {
  phase: Phase = 'connecting';
  /** Why the server refused, in words. */
  refusal = '';
  version = '';
  retryAt: number | null = null;
  /** The server is up, but still reads its log: what it will send is not complete yet. */
  loading = false;
  /** Stages of the server that are delayed, in seconds, by its last word. */
  behind: Behind = {};
  /** How often the connection was resumed without a snapshot, and how often a gap was found: for tests and support. */
  readonly counts = { connects: 0, resumes: 0, snapshots: 0, gaps: 0, duplicates: 0, unreadable: 0 };

  readonly #sequences = Object.fromEntries(LOSSLESS.map((ch) => [ch, new Sequence()])) as Record<Lossless, Sequence>;
  readonly #parts = new Map<Channel, { next: number; rows: unknown[] }>();
  readonly #wanted: readonly Channel[];
  readonly #lossless: readonly Lossless[];
  #view: View | null;
  #present: Present | null = null;
  #socket: Socket | null = null;
  #epoch: string | null = null;
  #attempt = 0;
  #openedAt = 0;
  #cancelRetry: (() => void) | null = null;
  #cancelSilence: (() => void) | null = null;
  #stopped = false;

  constructor(
    private readonly client: string,
    private readonly open: (subprotocol: string) => Socket,
    private readonly sink: FeedSink,
    private readonly clock: FeedClock,
    private readonly random: () => number = Math.random,
    /** Where the server has sign-in: what the hello shows. */
    private readonly ticket: (() => Promise<string>) | null = null,
    private readonly asks: FeedAsks = {},
  ) {
    this.#wanted = asks.channels ?? CHANNELS;
    this.#lossless = LOSSLESS.filter((channel) => this.#wanted.includes(channel));
    this.#view = asks.view ?? null;
  }

  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#drop(1000);
  }

  /** Somebody has signed in: what was refused may be allowed now. */
  again(): void {
    if (this.#socket !== null || this.phase === 'waiting') return;
    this.refusal = '';
    this.start();
  }

  /** Try at once: the network is back, or the person looks at the page again. */
  kick(): void {
    if (this.phase !== 'waiting') return;
    this.#cancelRetry?.();
    this.#connect();
  }

  /** Look at something else from now on. */
  look(view: View): void {
    this.#view = view;
    if (this.phase === 'open') this.#send(view);
  }

  /** Have this open from now on. */
  stand(present: Present): void {
    this.#present = present.incident === null ? null : present;
    if (this.phase === 'open') this.#send(present);
  }

  position(channel: Lossless): number | null {
    return this.#sequences[channel].position;
  }

  get epoch(): string | null {
    return this.#epoch;
  }

  #connect(): void {
    this.#set('connecting');
    this.retryAt = null;
    let socket: Socket;
    try {
      socket = this.open(SUBPROTOCOL);
    } catch {
      this.#retry(this.#nextWait());
      return;
    }
    this.#socket = socket;
    this.counts.connects += 1;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#openedAt = this.clock.now();
      this.#heard();
      if (this.ticket === null) this.#hello('');
      else void this.ticket().then((ticket) => socket === this.#socket && this.#hello(ticket));
    };
    socket.onmessage = (event) => {
      if (socket === this.#socket && typeof event.data === 'string') this.#receive(event.data);
    };
    socket.onclose = (event) => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      this.#lost(event.code, event.reason);
    };
    this.#heard();
  }

  /** Command a replay. */
  command(message: Extract<ClientMessage, { t: 'play' | 'pause' | 'seek' }>): void {
    this.#send(message);
  }

  #hello(ticket: string): void {
    this.#send({
      t: 'hello', v: 1, client: this.client,
      resume: this.asks.replay ? null : this.#resume(),
      sub: this.#wanted,
      ...(ticket ? { ticket } : {}),
      ...(this.#view ? { view: this.#view } : {}),
      ...(this.asks.replay ? { replay: this.asks.replay() } : {}),
    });
  }

  #resume(): { epoch: string; pos: Partial<Record<Lossless, number>> } | null {
    if (this.#epoch === null) return null;
    const pos: Partial<Record<Lossless, number>> = {};
    for (const channel of this.#lossless) {
      const { position, waiting } = this.#sequences[channel];
      // A channel cut off within its snapshot has no place to resume from; without one the server sends it whole.
      if (position !== null && !waiting) pos[channel] = position;
    }
    return { epoch: this.#epoch, pos };
  }

  #receive(text: string): void {
    const message = readMessage(text);
    if (message === null) {
      this.counts.unreadable += 1;
      this.#heard();
      return;
    }
    const now = 'now' in message ? message.now : null;
    this.#heard();
    this.sink.heard(now, this.clock.now());
    this.#handle(message);
  }

  #handle(message: ServerMessage): void {
    switch (message.t) {
      case 'welcome':
        this.loading = message.loading;
        this.behind = message.behind;
        this.#welcome(message.epoch, message.mode, message.version);
        break;
      case 'snap':
        this.#snap(message.ch, message.pos, message.part, message.of, message.rows);
        break;
      case 'd':
        for (const channel of CHANNELS) {
          const delta = message.ch[channel];
          if (delta) this.#delta(channel, delta, message.now);
        }
        break;
      case 'gap':
        this.counts.gaps += 1;
        this.#awaitSnapshot(message.ch);
        break;
      case 'ping':
        this.loading = message.loading;
        this.behind = message.behind;
        this.#send({ t: 'pong', n: message.n });
        break;
      case 'present':
        this.sink.present?.(message.incident, message.people);
        break;
      case 'replay':
        this.sink.replayed?.(message.state, message.speed, message.why, message.now);
        break;
      case 'slow':
        for (const channel of CHANNELS) {
          const count = message.drop[channel];
          if (count) this.sink.dropped(channel, count);
        }
        break;
    }
  }

  #welcome(epoch: string, mode: 'resume' | 'snapshot', version: string): void {
    const resumed = mode === 'resume' && epoch === this.#epoch;
    this.counts[resumed ? 'resumes' : 'snapshots'] += 1;
    for (const channel of this.#lossless) {
      if (!resumed || this.#sequences[channel].waiting) this.#awaitSnapshot(channel);
    }
    this.#parts.clear();
    this.#epoch = epoch;
    this.version = version;
    this.#set('open');
    // The server knows nothing of who was where before.
    if (this.#present) this.#send(this.#present);
  }

  #snap(channel: Channel, pos: number, part: number, of: number, rows: readonly unknown[]): void {
    if (!isLossless(channel)) {
      const gathered = part === 1 ? { next: 1, rows: [] as unknown[] } : this.#parts.get(channel);
      if (!gathered || gathered.next !== part) return;
      gathered.rows.push(...rows);
      gathered.next += 1;
      this.#parts.set(channel, gathered);
      if (part < of) return;
      this.#parts.delete(channel);
      this.sink.replace(channel, gathered.rows);
      return;
    }
    const whole = this.#sequences[channel].snapshot(pos, part, of, rows);
    if (whole === null) return;
    this.sink.replace(channel, whole.rows);
    for (const stretch of whole.after) this.sink.merge(channel, stretch.rows, this.clock.now());
    if (whole.gap) this.#resync(channel);
  }

  #delta(channel: Channel, delta: ChannelDelta, now: number): void {
    if (delta.dropped) this.sink.dropped(channel, delta.dropped);
    if (!isLossless(channel)) {
      this.sink.merge(channel, delta.rows, now);
      return;
    }
    if (delta.from === undefined || delta.to === undefined) {
      // A lossless channel without numbers cannot be checked, so its rows cannot be trusted to be all.
      this.counts.unreadable += 1;
      this.#resync(channel);
      return;
    }
    const verdict = this.#sequences[channel].offer({ from: delta.from, to: delta.to, rows: delta.rows });
    if (verdict.do === 'apply') for (const stretch of verdict.stretches) this.sink.merge(channel, stretch.rows, now);
    if (verdict.do === 'ignore') this.counts.duplicates += 1;
    if (verdict.do === 'resync') {
      this.counts.gaps += 1;
      this.#resync(channel);
    }
  }

  #resync(channel: Lossless): void {
    this.#awaitSnapshot(channel);
    this.#send({ t: 'resync', ch: channel });
  }

  #awaitSnapshot(channel: Lossless): void {
    this.#sequences[channel].await();
    this.#watchSnapshot(channel);
  }

  #watchSnapshot(channel: Lossless): void {
    const sequence = this.#sequences[channel];
    const socket = this.#socket;
    const { progress } = sequence;
    this.clock.after(SNAPSHOT_MS, () => {
      if (!sequence.waiting || socket === null || socket !== this.#socket) return;
      // A snapshot that stands still will not come: a new connection is the one thing that is sure to bring it.
      if (sequence.progress === progress && !this.loading) this.#drop(4000);
      else this.#watchSnapshot(channel);
    });
  }

  #send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #heard(): void {
    this.#cancelSilence?.();
    this.#cancelSilence = this.clock.after(SILENCE_MS, () => this.#drop(4000));
  }

  /** Close without waiting for the other side: a half-open connection never answers. */
  #drop(code: number): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code);
    this.#lost(code);
  }

  #lost(code: number, reason = ''): void {
    this.#cancelSilence?.();
    if (this.#stopped) return;
    const refusal = FINAL[code];
    if (refusal !== undefined) {
      // Of a replay the server says why: it may be the period, the number of replays, or how long it stood still.
      this.refusal = this.asks.replay && reason && (code === 4404 || code === 4429) ? `${reason[0]?.toUpperCase()}${reason.slice(1)}.` : refusal;
      this.#set('refused');
      return;
    }
    this.#retry(this.#nextWait());
  }

  #nextWait(): number {
    const lived = this.phase === 'open' && this.clock.now() - this.#openedAt > STABLE_MS;
    if (lived) this.#attempt = 0;
    const wait = waitMs(this.#attempt, this.random());
    this.#attempt += 1;
    return wait;
  }

  #retry(wait: number): void {
    this.retryAt = this.clock.now() + wait;
    this.#set('waiting');
    this.#cancelRetry = this.clock.after(wait, () => this.#connect());
  }

  #set(phase: Phase): void {
    this.phase = phase;
    this.sink.changed(this);
  }
}
