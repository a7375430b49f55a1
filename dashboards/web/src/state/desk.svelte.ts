/** What the screen shows of the world, and what the person is doing with it. The one place where state is reactive. */
import { ALERT_SEVERITIES, type Alert, type MapLayer, type Sighting } from '$schemas/events';
import { getJson, postForFile, postJson, type Answer, type ProofBy } from '../http';
import { LiveFeed } from '../protocol/feed';
import { openSocket, wallClock } from '../protocol/socket';
import { CHANNELS, type Channel, type Person, type Speed } from '../protocol/messages';
import { ReplayClock } from '../time';
import type { Draft, MapView, Subject } from '../map/view';
import { Actions, type Found, randomKey, type ActionName } from './actions';
import { badge } from './connection';
import { Deeds, type DeedsDesk } from './deeds.svelte';
import type { IncidentActionName, Sent } from './incident_work';
import { Session } from './session.svelte';
import { byUrgency, isOpen, severityOf, type Severity } from './ranking';
import { isFlood, raisedLately } from './alert_rate';
import { groupAlerts, type AlertGroup } from './groups';
import { isShelved, QUEUES, queuesOf, type Queue } from './shelving';
import { Sounding, type Sound } from './sounding';
import { Speaker, type SpeakerState } from './speaker';
import { REFUSED, replayText, type Period, type ReplayStanding } from './travel';
import { World } from './world';

export type Tab = 'alerts' | 'calls' | 'reads' | 'cameras' | 'zones';

/** What GET /api/status says, as far as it is shown. */
export interface Status {
  readonly version?: string;
  /** What is wrong, in plain words, by part of the server. */
  readonly wrong?: Readonly<Record<string, string>>;
  readonly details?: { readonly embedded_log?: boolean };
}

/** The past that a desk shows instead of what is live. `layers`: those of the map, which stay as they are now. */
export interface Past {
  readonly period: Period;
  readonly actor: string;
  readonly speed: Speed;
  readonly layers: readonly MapLayer[];
  /** Who is signed in here: the same as at the live desk. */
  readonly session: Session;
}

/** Jumps are sent no more often than this: each makes the server read the store. */
const JUMP_MS = 600;

/** A replayed report may be late by so long at its speed, as a state is told twice a second (replay/playing.py). */
const REPLAY_LATE_MS = 1_000;
/** Views are told at most this often; a first change after a pause is told at once. */
const NOTIFY_MS = 100;
const STATUS_MS = 15_000;
const ACTOR = 'watchfloor.actor';
const VOLUME = 'watchfloor.volume';
const SIMULATED_SOUND = 'watchfloor.simulated-sound';

const TAB_OF: Readonly<Record<Subject['kind'], Tab>> = {
  alert: 'alerts', incident: 'calls', call: 'calls', camera: 'cameras', zone: 'zones', unit: 'calls',
};

export class Desk {
  /** Ours and the server's clock; they move once a second, and every age on the screen with them. */
  local = $state(Date.now());
  now = $state(Date.now());
  revisions = $state<Record<Channel, number>>(Object.fromEntries(CHANNELS.map((c) => [c, 0])) as Record<Channel, number>);
  pendingRevision = $state(0);
  linkRevision = $state(0);

  tab = $state<Tab>('alerts');
  queue = $state<Queue>('open');
  /** Another number whenever an alert came back from the shelf by the clock. */
  shelfRevision = $state(0);
  /** Alerts that came in the last ten minutes, and whether that is more than one person can look at one by one. */
  alertRate = $state(0);
  flood = $state(false);
  /** In a flood: the person wants to see each alert all the same. */
  ungrouped = $state(false);
  /** The group that is selected, and the one whose alerts are shown. */
  groupAt = $state<string | null>(null);
  groupOpen = $state<string | null>(null);
  sound = $state<SpeakerState>('off');
  volume = $state(storedVolume());
  simulatedSound = $state(localStorage.getItem(SIMULATED_SOUND) === 'on');
  selection = $state.raw<Subject | null>(null);
  actor = $state(localStorage.getItem(ACTOR) ?? '');
  mapTrouble = $state('');
  status = $state.raw<Status | null>(null);
  /** Spoken by screen readers: at once for a P1, when convenient for a P2. */
  urgent = $state('');
  polite = $state('');
  /** Who else has which incident open, as the server told last. */
  present = $state.raw<{ readonly incident: string; readonly people: readonly Person[] } | null>(null);
  /** The dialog that asks who is at the desk, while it is open. */
  asking = $state.raw<((name: string | null) => void) | null>(null);
  /** Who is here is to be shown again, and by what; to be answered with whether it was. */
  proving = $state.raw<{ readonly by: ProofBy; readonly answer: (shown: boolean) => void } | null>(null);

  /** Where the replay stands; null on a desk that shows what is live. */
  replay = $state.raw<ReplayStanding | null>(null);
  /** Nothing is heard: somebody looks at the past. */
  isSilent = false;
  /** Told of alerts that were raised. */
  onraised: ((alerts: readonly Alert[]) => void) | null = null;

  readonly world: World;
  readonly feed: LiveFeed;
  readonly actions: Actions;
  /** What is done to alerts here, to one or to many, and undone. */
  readonly deeds: Deeds;
  readonly session: Session;
  readonly sounding: Sounding;
  readonly #speaker: Speaker;
  map: MapView | null = null;
  /** What somebody draws here and has not saved. */
  draft = $state.raw<Draft | null>(null);
  /** The map beside a search: it shows what was found and nothing that is live. */
  searchMap: MapView | null = null;

  readonly #replayClock = new ReplayClock();
  #jumpTo: number | null = null;
  #jumpTimer: ReturnType<typeof setTimeout> | undefined;
  #notifyAt = 0;
  #shelved: readonly Alert[] = [];
  #nextBack = Number.POSITIVE_INFINITY;
  #groupLevel = 0;
  #notifyTimer: ReturnType<typeof setTimeout> | null = null;

  /** `past`: show this, of which nothing can be changed, and not what is live. */
  constructor(readonly past: Past | null = null) {
    this.session = past?.session ?? new Session();
    if (past) {
      this.replay = { state: 'reading', speed: past.speed, why: '' };
      this.#replayClock.heard(past.period.from, this.local);
      this.now = past.period.from;
    }
    this.#speaker = new Speaker(() => new AudioContext(), () => (this.sound = this.#speaker.state));
    this.#speaker.volume = this.volume;
    this.sounding = new Sounding((sound) => !past && !this.isSilent && this.#speaker.play(sound));
    this.sounding.simulated = this.simulatedSound;
    this.world = new World({
      changed: () => this.#notify(),
      raised: (alerts) => {
        this.sounding.raised(alerts, this.world.clock.now());
        this.onraised?.(alerts);
        // What was raised then is nothing that has just happened.
        if (!past) this.#announce(alerts);
      },
      escalated: (alerts) => {
        this.sounding.escalated(alerts, this.world.clock.now());
        const first = byUrgency(alerts)[0];
        if (first?.escalated_by && !past) this.urgent = `Escalated by ${first.escalated_by}: ${severityOf(first)}, ${first.title}`;
        else if (first && !past) this.urgent = `Nobody has taken ${alerts.length > 1 ? `${alerts.length} alerts, first ` : ''}${severityOf(first)}: ${first.title}`;
      },
      alertsSeen: (alerts) => {
        alerts.forEach((alert) => this.actions.seen(alert));
        this.deeds.undoOutrun();
      },
      sightings: (rows) => this.map?.addSightings(rows, this.world.clock.now()),
      sightingsReplaced: (rows) => this.#resetSightings(rows),
      helpAsked: ([first]) => {
        if (past) return;
        this.#speaker.play('P1');
        this.urgent = `Help is asked for at ${first?.kind}, ${first?.address}, by ${first?.changed_by}`;
      },
      present: (incident, people) => (this.present = { incident, people }),
      replayed: (state, speed, why, now) => {
        this.replay = { state, speed, why };
        this.#replayClock.run(state === 'playing' ? speed : 0, Date.now());
        this.#replayClock.heard(now, Date.now());
        this.#tick();
      },
    }, Date.now, ...(past ? [this.#replayClock] : []));
    if (past) this.world.replace('layers', past.layers);
    this.actions = new Actions(
      async (body) => {
        const answer = await postJson<{ event_id: string }>('/api/actions', body);
        return answer.ok ? { ok: true, error: '' } : { ok: false, error: answer.error };
      },
      randomKey,
      (ms, run) => void setTimeout(run, ms),
      () => (this.pendingRevision += 1),
    );
    this.deeds = new Deeds(this.#deedsDesk());
    this.feed = new LiveFeed(
      past ? 'replay' : 'map',
      openSocket,
      this.world,
      wallClock,
      Math.random,
      () => this.session.ticket(),
      past ? {
        channels: CHANNELS.filter((channel) => channel !== 'layers'),
        replay: () => ({
          ...past.period, at: Math.round(this.world.clock.now()), speed: this.replay?.speed ?? past.speed,
          paused: ['paused', 'failed'].includes(this.replay?.state ?? ''), actor: past.actor,
        }),
      } : {},
    );
  }

  #deedsDesk(): DeedsDesk {
    const desk = this;
    return {
      actions: this.actions,
      isPast: this.past !== null,
      get me() { return desk.me; },
      get now() { return desk.now; },
      get revision() { return [desk.revisions.alerts, desk.pendingRevision]; },
      alert: (id) => this.world.alerts.get(id),
      clock: () => this.world.clock.now(),
      refused: () => this.refused(),
      whoIsHere: () => this.whoIsHere(),
      say: (words) => (this.polite = words),
    };
  }

  /** Begin; return how to end. */
  start(): () => void {
    if (this.past) {
      this.feed.start();
      const often = setInterval(() => this.#tick(), 250);
      return () => {
        this.feed.stop();
        clearInterval(often);
        clearTimeout(this.#jumpTimer);
      };
    }
    // Who is here decides whether a connection may be asked for at all.
    void this.session.look().then(() => {
      if (this.session.isShut) return;
      this.feed.start();
      void this.#readStatus();
    });
    const endSession = this.session.start();
    const kick = (): void => this.feed.kick();
    const seen = (): void => {
      if (!document.hidden) kick();
    };
    addEventListener('online', kick);
    document.addEventListener('visibilitychange', seen);
    const second = setInterval(() => this.#tick(), 1000);
    const status = setInterval(() => void this.#readStatus(), STATUS_MS);
    return () => {
      endSession();
      this.feed.stop();
      removeEventListener('online', kick);
      document.removeEventListener('visibilitychange', seen);
      clearInterval(second);
      clearInterval(status);
    };
  }

  badge = $derived.by(() => {
    void this.linkRevision;
    const live = badge(this.world.connection(), this.local);
    if (!this.replay || live.lost || this.feed.phase !== 'open') return live;
    return { level: 'replay' as const, text: replayText(this.now, this.replay, this.local), lost: false };
  });

  queues = $derived.by(() => {
    void [this.revisions.alerts, this.shelfRevision];
    const queues = queuesOf(this.world.alerts.rows.values(), this.world.clock.now(), this.me);
    this.#shelved = queues.shelved;
    this.#nextBack = queues.nextBack;
    return queues;
  });

  /** Alerts nobody has taken and nobody put aside, by severity. */
  openCounts = $derived.by(() => {
    const counts: Record<Severity, number> = { P1: 0, P2: 0, P3: 0, P4: 0 };
    for (const alert of this.queues.open) if (isOpen(alert)) counts[severityOf(alert)] += 1;
    return counts;
  });

  /** Open alerts, most urgent first. */
  ranked = $derived(byUrgency(this.queues.open));

  /** They in groups, while there is a flood; null otherwise. */
  groups = $derived.by((): ReadonlyMap<string, AlertGroup> | null => {
    if (!this.flood || this.ungrouped) return null;
    const grouping = groupAlerts(this.ranked, this.#groupLevel);
    this.#groupLevel = grouping.level;
    return new Map(grouping.groups.map((group) => [group.id, group]));
  });

  /** Who is at this desk, as far as is known; "" when nobody said. */
  get me(): string {
    return this.session.account || this.actor;
  }

  /** Why nothing can be done here; "" where it can. */
  get refusal(): string {
    return this.past ? REFUSED : '';
  }

  /** Up to when the reports of cameras have come: at speed they come in leaps. */
  get reportsUntil(): number {
    return this.now - (this.replay ? this.replay.speed * REPLAY_LATE_MS : 0);
  }

  play(speed: Speed): void {
    this.feed.command({ t: 'play', speed });
  }

  pause(): void {
    this.feed.command({ t: 'pause' });
  }

  /** Another speed for a replay that stands. */
  setSpeed(speed: Speed): void {
    if (this.replay) this.replay = { ...this.replay, speed };
  }

  /** Go to a moment of the replayed period; of many in a row the last is gone to. */
  seek(at: number): void {
    if (!this.past) return;
    const { from, to } = this.past.period;
    this.#jumpTo = Math.round(Math.min(Math.max(at, from), to));
    if (this.#jumpTimer === undefined) this.#jump();
  }

  step(by: number): void {
    this.seek((this.#jumpTo ?? this.now) + by);
  }

  #jump(): void {
    this.#jumpTimer = undefined;
    if (this.#jumpTo === null) return;
    this.feed.command({ t: 'seek', at: this.#jumpTo });
    this.#jumpTo = null;
    this.#jumpTimer = setTimeout(() => this.#jump(), JUMP_MS);
  }

  select(subject: Subject | null, show = false): void {
    this.selection = subject;
    if (subject && show) {
      this.tab = TAB_OF[subject.kind];
      const alert = subject.kind === 'alert' ? this.world.alerts.get(subject.id) : undefined;
      if (alert) {
        const now = this.world.clock.now();
        this.queue = isShelved(alert, now) ? 'shelved' : alert.status === 'closed' || alert.status === 'recalled' ? 'closed' : 'open';
        const group = [...(this.groups?.values() ?? [])].find(({ alerts }) => alerts.some((one) => one.alert_id === alert.alert_id));
        this.groupAt = group?.id ?? null;
        if (this.groupOpen !== this.groupAt) this.groupOpen = null;
      }
    }
  }

  /** Where a subject is; null when nobody knows. */
  placeOf(subject: Subject): readonly [number, number] | null {
    const row = {
      alert: () => this.world.alerts.get(subject.id),
      incident: () => this.world.incidents.get(subject.id),
      call: () => this.world.calls.get(subject.id),
      camera: () => this.world.cameras.get(subject.id),
      unit: () => this.world.units.get(subject.id),
      zone: () => middleOf(this.world.zones.get(subject.id)?.polygons[0]?.[0]),
    }[subject.kind]();
    return row && row.lat !== null && row.lon !== null ? [row.lon, row.lat] : null;
  }

  centre(): void {
    const place = this.selection && this.placeOf(this.selection);
    if (place) this.map?.centre(place);
  }

  act(alert: Alert, name: ActionName, note = '', found: Found = {}): Promise<void> {
    return this.deeds.act(alert, name, note, found);
  }

  /** Take an alert, or give it to somebody. */
  async assign(alert: Alert, owner: string): Promise<void> {
    await this.act(alert, 'alert.assign', '', assignment(alert, owner));
  }

  /** Say that nothing can be done here, where that is so. */
  refused(): boolean {
    this.polite = this.refusal || this.polite;
    return this.past !== null;
  }

  /** Somebody signed in; `before`: the account whose locked session it was, "" for none. */
  entered(before: string): void {
    // What another person had on the screen is not for this one.
    if (before && before !== this.session.account) location.reload();
    else this.feed.again();
  }

  /** Put an alert aside for some minutes, or take it back. */
  async shelve(alert: Alert, reason: string, minutes: number): Promise<void> {
    await this.act(alert, 'alert.shelve', '', this.#shelf(reason, minutes));
  }

  /** Take those chosen. */
  async takeChosen(): Promise<void> {
    await this.deeds.actOnChosen('alert.assign', (alert) => assignment(alert, ''));
  }

  /** Put those chosen aside, with one reason. */
  async shelveChosen(reason: string, minutes: number): Promise<void> {
    const shelf = this.#shelf(reason, minutes);
    await this.deeds.actOnChosen('alert.shelve', () => shelf);
  }

  #shelf(reason: string, minutes: number): Found {
    return { details: { reason, until: new Date(this.world.clock.now() + minutes * 60_000).toISOString() } };
  }

  showQueue(queue: Queue): void {
    // What is out of sight is not acted upon.
    if (queue !== this.queue) this.deeds.drop();
    this.tab = 'alerts';
    this.queue = queue;
    this.groupOpen = null;
  }

  stepQueue(step: 1 | -1): void {
    const at = QUEUES.findIndex(([queue]) => queue === this.queue);
    this.showQueue((QUEUES[(at + step + QUEUES.length) % QUEUES.length] ?? QUEUES[0])?.[0] ?? 'open');
  }

  /** Select a group: what is done then is done to its most urgent alert. */
  selectGroup(id: string): void {
    this.groupAt = id;
    const lead = this.groups?.get(id)?.lead;
    if (lead) this.select({ kind: 'alert', id: lead.alert_id });
  }

  /** Show a group's alerts; return false when it is one alert and there is nothing to open. */
  openGroup(id: string): boolean {
    if ((this.groups?.get(id)?.alerts.length ?? 0) < 2) return false;
    this.groupOpen = id;
    return true;
  }

  toggleSound(): void {
    if (this.refused()) return;
    if (this.sound === 'on') this.#speaker.disarm();
    else void this.#speaker.arm().then(() => this.sounding.tick(this.queues.open, this.world.clock.now()));
  }

  async testSound(sound: Sound): Promise<void> {
    if (this.refused()) return;
    if (this.sound !== 'on') await this.#speaker.arm();
    this.#speaker.play(sound);
  }

  setVolume(volume: number): void {
    this.volume = this.#speaker.volume = volume;
    localStorage.setItem(VOLUME, String(volume));
  }

  setSimulatedSound(on: boolean): void {
    this.simulatedSound = this.sounding.simulated = on;
    localStorage.setItem(SIMULATED_SOUND, on ? 'on' : 'off');
  }

  /** The name at this desk, asked for when it is not known; null when it is not given. */
  async whoIsHere(): Promise<string | null> {
    return this.session.account || this.actor || (await this.#askActor());
  }

  /** Ask the server; where it wants to know again who asks, they are asked, and it goes on. */
  async proved<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const answer = await ask();
    if (answer.ok || !answer.proof) return answer;
    const by = answer.proof;
    const shown = await new Promise<boolean>((done) => (this.proving = { by, answer: done }));
    this.proving = null;
    return shown ? ask() : answer;
  }

  /** Have the server make a file. */
  fileFrom(path: string, body: unknown): Promise<Answer<string>> {
    return this.proved(() => postForFile(path, body));
  }

  /** Do something to an incident; return the id of the action, or what went wrong. */
  async actOnIncident(incidentId: string, name: IncidentActionName, note: string, details: Readonly<Record<string, string>>): Promise<Sent> {
    if (this.refused()) return { error: REFUSED };
    const actor = await this.whoIsHere();
    if (!actor) return { error: 'nobody said who they are' };
    return this.#sent('/api/actions', { key: randomKey(), name, subject_id: incidentId, actor, note, details });
  }

  /** Add the next version of an incident's assessment. */
  async assess(incidentId: string, told: Readonly<Record<string, unknown>>): Promise<Sent> {
    if (this.refused()) return { error: REFUSED };
    const actor = await this.whoIsHere();
    if (!actor) return { error: 'nobody said who they are' };
    return this.#sent(`/api/incidents/${incidentId}/assessments`, { key: randomKey(), actor, ...told });
  }

  /** Draw something for an incident, or the next state of it. */
  async draw(incidentId: string, told: Readonly<Record<string, unknown>>): Promise<Sent> {
    if (this.refused()) return { error: REFUSED };
    const actor = await this.whoIsHere();
    if (!actor) return { error: 'nobody said who they are' };
    return this.#sent(`/api/incidents/${incidentId}/drawings`, { key: randomKey(), actor, ...told });
  }

  async #sent(path: string, body: unknown): Promise<Sent> {
    const answer = await postJson<{ event_id: string }>(path, body);
    return answer.ok ? { eventId: answer.value.event_id } : { error: answer.error };
  }

  setActor(name: string): void {
    this.actor = name.trim();
    localStorage.setItem(ACTOR, this.actor);
  }

  #askActor(): Promise<string | null> {
    return new Promise((resolve) => {
      this.asking = (name) => {
        this.asking = null;
        if (name?.trim()) this.setActor(name);
        resolve(name?.trim() || null);
      };
    });
  }

  #resetSightings(rows: readonly Sighting[]): void {
    this.map?.clearSightings();
    this.map?.addSightings(rows, this.world.clock.now());
  }

  #announce(alerts: readonly Alert[]): void {
    const [p1, p2] = (['P1', 'P2'] as const).map((severity) => alerts.filter((alert) => severityOf(alert) === severity));
    const say = (severity: Severity, list: readonly Alert[]): string =>
      `${list.length > 1 ? `${list.length} new ${severity} alerts, first: ` : `New ${severity} alert: `}${list[0]?.title ?? ''}`;
    if (p1?.length) this.urgent = say('P1', p1);
    if (p2?.length) this.polite = say('P2', p2);
  }

  #tick(): void {
    this.local = Date.now();
    this.now = this.world.clock.now(this.local);
    if (this.now >= this.#nextBack) this.#comeBack();
    this.alertRate = raisedLately(this.world.alerts.rows.values(), this.now);
    const flood = isFlood(this.alertRate, this.flood);
    if (flood !== this.flood) {
      this.flood = flood;
      this.#groupLevel = 0;
      this.groupAt = this.groupOpen = null;
      this.ungrouped = false;
    }
    this.sounding.tick(this.queues.open, this.now);
  }

  /** Alerts whose time on the shelf is over are open again: that is said, like any that is raised. */
  #comeBack(): void {
    const back = this.#shelved.filter((alert) => isOpen(alert) && !isShelved(alert, this.now));
    this.shelfRevision += 1;
    this.sounding.raised(back, this.now);
    if (back.length) this.polite = `${back.length > 1 ? `${back.length} alerts are` : 'An alert is'} back from the shelf: ${back[0]?.title ?? ''}`;
  }

  #notify(): void {
    if (this.#notifyTimer !== null) return;
    const wait = Math.max(0, this.#notifyAt + NOTIFY_MS - Date.now());
    this.#notifyTimer = setTimeout(() => {
      this.#notifyTimer = null;
      this.#notifyAt = Date.now();
      for (const channel of CHANNELS) if (channel !== 'sightings') this.revisions[channel] = this.world[channel].revision;
      this.linkRevision += 1;
    }, wait);
  }

  async #readStatus(): Promise<void> {
    if (document.hidden || this.session.isShut) return;
    const answer = await getJson<Status>('/api/status');
    this.status = answer.ok && answer.value && typeof answer.value === 'object' ? answer.value : null;
  }
}

/** Whose an alert is to be ("": of who asks), as long as nobody has changed it since. */
const assignment = (alert: Alert, owner: string): Found => ({ details: { owner, expected_rev: String(alert.rev) } });

/** Severities in the order in which they are counted. */
export const SEVERITIES = ALERT_SEVERITIES;

function storedVolume(): number {
  const volume = Number.parseFloat(localStorage.getItem(VOLUME) ?? '');
  return volume >= 0 && volume <= 1 ? volume : 0.6;
}

function middleOf(ring: readonly (readonly [number, number])[] | undefined): { lat: number; lon: number } | undefined {
  if (!ring?.length) return undefined;
  const lons = ring.map(([lon]) => lon);
  const lats = ring.map(([, lat]) => lat);
  return { lon: (Math.min(...lons) + Math.max(...lons)) / 2, lat: (Math.min(...lats) + Math.max(...lats)) / 2 };
}
