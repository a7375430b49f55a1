/**
 * Load L of the checks of the page: 5,000 cameras, 200 zones, 60 alerts, and 500 units that move once a second each, in
 * batches ten times a second.
 */
import { alert, cameras, dice, health, sighting, unit } from './city.mjs';
import { FakeServer } from './fake_server.mjs';

export const LOAD = { cameras: 5_000, zones: 200, units: 500, alerts: 60 };
/** A second. Each moves a share of the units. */
export const BATCHES = 10;
/** With traffic: reads in a batch, and how often an alert is raised and how long it is open, milliseconds. */
const [READS, RAISED_MS, OPEN_MS] = [2, 5_000, 60_000];

const next = dice(3);
const ring = (lon, lat) => Array.from({ length: 25 }, (_, i) => [lon + 0.004 * Math.cos((i % 24) / 24 * 2 * Math.PI), lat + 0.003 * Math.sin((i % 24) / 24 * 2 * Math.PI)]);
const zone = (i, now) => ({
  event_id: `zone-${i}`, occurred_at: new Date(now).toISOString(), observed_at: new Date(now).toISOString(), source: 'bench', jurisdiction: 'default', synthetic: true,
  zone_id: `zone-${i}`, name: `Zone ${i}`, kind: i % 5 ? 'beat' : 'school', polygons: [[ring(-90.135 + 0.13 * next(), 29.925 + 0.085 * next())]], watched: i % 7 === 0, removed: false,
});
const anyOf = (rows) => rows[Math.floor(next() * rows.length)];

/** A server with load L. `traffic`: reads come, and alerts are raised and closed again, beside the units. */
export class Load {
  batches = 0;
  raised = 0;
  #flow = null;
  #open = [];

  constructor({ traffic = false } = {}) {
    const now = Date.now();
    this.traffic = traffic;
    this.estate = cameras(LOAD.cameras, now);
    this.units = Array.from({ length: LOAD.units }, (_, i) => unit(now, i));
    this.server = new FakeServer({
      cameras: this.estate,
      // Believed for the whole run: a report that ages is another matter.
      health: this.estate.map((camera, i) => health(camera.camera_id, i % 97 === 5 ? 'offline' : i % 41 === 7 ? 'degraded' : 'ok', now, { next_report_s: 7_200 })),
      zones: Array.from({ length: LOAD.zones }, (_, i) => zone(i, now)),
      units: this.units,
      alerts: Array.from({ length: LOAD.alerts }, (_, i) => this.#alert(now - i * 30_000, `P${1 + Math.min(3, Math.floor(i / 6))}`, i)),
    });
  }

  begin() {
    this.#flow = setInterval(() => this.#batch(), 1000 / BATCHES);
  }

  end() {
    clearInterval(this.#flow);
  }

  #alert(at, severity, number) {
    const camera = anyOf(this.estate);
    return alert(at, { severity, title: `Alert ${number}`, camera_id: camera.camera_id, lat: camera.lat, lon: camera.lon });
  }

  #batch() {
    const now = Date.now();
    const at = new Date(now).toISOString();
    const size = LOAD.units / BATCHES;
    const part = this.units.slice((this.batches % BATCHES) * size, (this.batches % BATCHES + 1) * size);
    this.batches += 1;
    for (const one of part) Object.assign(one, { lat: one.lat + 0.0002 * (next() - 0.5), lon: one.lon + 0.0002 * (next() - 0.5), occurred_at: at, observed_at: at });
    this.server.push('units', part);
    if (!this.traffic) return;
    this.server.push('sightings', Array.from({ length: READS }, () => sighting(now, anyOf(this.estate))));
    if (this.batches % (RAISED_MS / 1000 * BATCHES) === 0) {
      const raised = this.#alert(now, `P${2 + this.raised % 3}`, LOAD.alerts + (this.raised += 1));
      this.#open.push(raised);
      this.server.push('alerts', [raised]);
    }
    if (this.#open.length > OPEN_MS / RAISED_MS) this.server.push('alerts', [{ ...this.#open.shift(), status: 'closed', rev: 2, changed_by: 'r.diaz', changed_at: at }]);
  }
}
