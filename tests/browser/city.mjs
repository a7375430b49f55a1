/** A small made-up city for the browser tests: fixtures in the shape of schemas/events. */

let made = 0;
/** A UUID that is different each time and the same in each run. */
export const uuid = () => `00000000-0000-5000-8000-${String((made += 1)).padStart(12, '0')}`;
export const iso = (ms) => new Date(ms).toISOString();

const envelope = (at, over = {}) => ({
  event_id: uuid(),
  occurred_at: iso(at),
  observed_at: iso(at + 120),
  source: 'fixture/city',
  jurisdiction: 'default',
  synthetic: true,
  ...over,
});

/** Deterministic numbers 0..1. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const STREETS = ['Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm', 'Fir', 'Ginkgo', 'Hazel', 'Ivy', 'Juniper'];

export function cameras(count = 90, now = Date.now()) {
  const next = dice(7);
  return Array.from({ length: count }, (_, i) => ({
    ...envelope(now - 86_400_000),
    camera_id: `cam-${i}`,
    name: `${STREETS[i % 10]} St / ${STREETS[(i * 3 + 1) % 10]} Ave`,
    lat: 29.925 + 0.085 * next(),
    lon: -90.135 + 0.13 * next(),
    kind: i % 3 === 0 ? 'lpr' : 'video',
    heading_deg: null,
    owner: 'City',
    removed: false,
  }));
}

export const health = (camera_id, status, at, over = {}) => ({
  ...envelope(at),
  camera_id,
  status,
  since: iso(at - 60_000),
  fps: status === 'ok' ? 15 : 0,
  detail: status === 'frozen' ? 'The picture has not changed for 10 s.' : '',
  next_report_s: 10,
  ...over,
});

export const zones = (now = Date.now()) => [
  zone('district-1', 'District 1', 'police_district', -90.12, 29.93, -90.06, 29.965, false, now),
  zone('district-2', 'District 2', 'police_district', -90.06, 29.93, -90.0, 29.985, false, now),
  zone('school-1', 'Riverside School', 'school', -90.083, 29.951, -90.076, 29.956, true, now),
];

function zone(zone_id, name, kind, west, south, east, north, watched, now) {
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return { ...envelope(now), zone_id, name, kind, polygons: [[ring]], watched, removed: false };
}

export const hotlist = (now = Date.now()) => ({
  ...envelope(now), list_id: 'stolen', version: '1', title: 'Stolen vehicles', owner: 'NOPD', as_of: iso(now),
  entry_count: 3, chunk_count: 1, checksum: 'x',
});

export const alert = (at, over = {}) => ({
  ...envelope(at),
  alert_id: uuid(),
  rev: 1,
  rule: 'hotlist_hit',
  rule_version: 1,
  severity: 'P2',
  status: 'open',
  title: 'Possible stolen vehicle A8C123 (read ABC123) at Cedar St / Dogwood Ave',
  subject_kind: 'plate',
  subject: 'ABC123',
  camera_id: 'cam-3',
  incident_id: null,
  lat: 29.957,
  lon: -90.07,
  zones: ['district-1'],
  raised_at: iso(at + 138),
  why: [
    { kind: 'match', text: 'Read ABC123, listed A8C123: 1 look-alike character (position 2: B for 8).', facts: { match: 'look_alike', substitutions: '1' } },
    { kind: 'list_entry', text: 'On “Stolen vehicles”: stolen 14 January, case 26-0114. The list was 2 h old.', facts: { list_id: 'stolen', entry_id: 'S-1', list_as_of: '2026-01-15T06:00:00Z' } },
    { kind: 'read', text: 'The reader was 94 % sure of the plate.', facts: {} },
  ],
  triggers: [uuid()],
  actions: [],
  changed_by: '',
  changed_at: null,
  note: '',
  ...over,
});

export const incident = (at, over = {}) => ({
  ...envelope(at),
  incident_id: uuid(),
  rev: 1,
  status: 'open',
  kind: 'ARMED ROBBERY WITH GUN',
  category: 'robbery',
  priority: 8,
  opened_at: iso(at),
  closed_at: null,
  address: '005XX Cedar St',
  lat: 29.962,
  lon: -90.09,
  call_ids: ['fixture:A1'],
  zones: ['district-1'],
  nearest_cameras: [{ camera_id: 'cam-3', distance_m: 52 }],
  stage: '', owner: '', units: [], merged_into: null, split_from: null, linked: [], grade: '', actions: [], changed_by: '',
  changed_at: null, note: '', calls: [], person_rev: 0, refused: [], record_number: '', assessment_version: 0, needs_assessment: false, tasks: [],
  ...over,
});

export const call = (at, over = {}) => ({
  ...envelope(at),
  call_id: 'fixture:A1',
  number: 'A1',
  received_at: iso(at),
  updated_at: iso(at),
  kind: 'ARMED ROBBERY WITH GUN',
  kind_code: '64G',
  category: 'robbery',
  priority: 8,
  priority_raw: '2C',
  status: 'received',
  dispatched_at: null,
  arrived_at: null,
  closed_at: null,
  address: '005XX Cedar St',
  lat: 29.962,
  lon: -90.09,
  uncertainty_m: null,
  district: '1',
  beat: '',
  disposition: '',
  ...over,
});

export const sighting = (at, camera, over = {}) => ({
  ...envelope(at),
  camera_id: camera.camera_id,
  plate: 'XYZ789',
  plate_region: 'us-la',
  confidence: 0.91,
  lat: camera.lat,
  lon: camera.lon,
  heading_deg: null,
  zones: [],
  hits: [],
  incidents: [],
  is_preview: false,
  ...over,
});

/** A unit somewhere in the city; each number another. */
export const unit = (at, number, over = {}) => ({
  ...envelope(at),
  unit_id: `unit-${number}`,
  call_sign: `Adam ${800 + number}`,
  kind: 'patrol',
  agency: 'NOPD',
  lat: 29.925 + 0.085 * ((number * 0.618) % 1),
  lon: -90.135 + 0.13 * ((number * 0.377) % 1),
  accuracy_m: null,
  heading_deg: null,
  speed_kmh: 30,
  status: ['available', 'not_available', 'available', 'conditionally_available'][number % 4],
  status_raw: '',
  incident_ref: '',
  ...over,
});

/** A unit by its name, where the field page's incidents are. */
export const namedUnit = (at, unit_id, over = {}) =>
  unit(at, 0, { unit_id, call_sign: `Adam ${unit_id}`, lat: 29.9573, lon: -90.0767, heading_deg: 182, ...over });

/** Something drawn for an incident: a perimeter around its place unless told. */
export const drawing = (at, incident_id, over = {}) => ({
  ...envelope(at), drawing_id: uuid(), incident_id, rev: 1, kind: 'perimeter', shape: 'polygon',
  corners: [[-90.092, 29.96], [-90.088, 29.96], [-90.088, 29.964], [-90.092, 29.964], [-90.092, 29.96]],
  label: 'Outer', lat: 29.962, lon: -90.09, drawn_by: 'r.diaz', drawn_at: iso(at), changed_by: 'r.diaz', changed_at: iso(at), removed: false, ...over,
});

/** The state of a busy city, for the look of the page. */
export function busyCity(now = Date.now()) {
  const estate = cameras(90, now);
  const next = dice(11);
  const at = (camera) => ({ camera_id: camera.camera_id, lat: camera.lat, lon: camera.lon });
  const place = () => estate[Math.floor(next() * estate.length)];
  const alerts = [
    alert(now - 9_000, {
      severity: 'P1', rule: 'wanted_near_incident', title: 'Wanted plate KLM404 140 m from ARMED ROBBERY, 85 s after the call', subject: 'KLM404',
      ...at(estate[12]),
      why: [
        { kind: 'incident', text: 'ARMED ROBBERY WITH GUN, priority 8, opened 85 s before the read, 140 m away.', facts: { distance_m: '140', age_s: '85' } },
        { kind: 'list_entry', text: 'On “Wanted persons”: warrant 26-0310, agency NOPD. The list was 41 min old.', facts: { list_id: 'wanted', entry_id: 'W-77' } },
        { kind: 'match', text: 'Read exactly as listed; same state (us-la).', facts: { match: 'exact' } },
        { kind: 'read', text: 'The reader was 97 % sure of the plate.', facts: {} },
      ],
    }),
    alert(now - 48_000, { ...at(estate[21]) }),
    alert(now - 170_000, { title: 'Possible stolen vehicle TRX118 at Hazel St / Fir Ave', subject: 'TRX118', ...at(estate[33]) }),
    alert(now - 420_000, { severity: 'P3', rule: 'camera_stopped', title: 'Camera Elm St / Dogwood Ave shows a frozen picture', subject_kind: 'camera', subject: 'cam-4', ...at(estate[4]), why: [{ kind: 'camera', text: 'The picture has not changed for 10 s.', facts: {} }] }),
    alert(now - 1_300_000, { severity: 'P2', rule: 'grave_call_near_zone', title: 'Weapon call 60 m from Riverside School', subject_kind: 'call', subject: 'fixture:A4', camera_id: null, lat: 29.9537, lon: -90.0795, zones: ['school-1'] }),
    alert(now - 2_000_000, { severity: 'P4', title: 'Plate on the visitors list VIS001', subject: 'VIS001', ...at(estate[51]) }),
    alert(now - 900_000, { severity: 'P1', title: 'Shooting call 30 m from Riverside School', rule: 'grave_call_near_zone', subject_kind: 'call', subject: 'fixture:A7', status: 'acknowledged', rev: 2, changed_by: 'r.diaz', changed_at: iso(now - 850_000), camera_id: null, lat: 29.9555, lon: -90.082, zones: ['school-1'] }),
    alert(now - 1_800_000, { title: 'Possible stolen vehicle QWE321 at Ivy St / Birch Ave', subject: 'QWE321', status: 'acknowledged', rev: 2, changed_by: 'm.okafor', changed_at: iso(now - 1_700_000), ...at(estate[66]) }),
  ];
  const KINDS = [['ARMED ROBBERY WITH GUN', 8], ['SHOTS FIRED', 9], ['TRAFFIC STOP', 2], ['MEDICAL', 5], ['SUSPICIOUS PERSON', 3], ['BURGLARY ALARM', 4], ['DOMESTIC DISTURBANCE', 6], ['VEHICLE CRASH', 5]];
  const incidents = KINDS.map(([kind, priority], i) => {
    const near = place();
    return incident(now - 200_000 - i * 400_000, {
      kind, priority, call_ids: [`fixture:A${i}`], address: `0${i + 1}XX ${near.name.split(' /')[0]}`,
      lat: near.lat + 0.002 * (next() - 0.5), lon: near.lon + 0.004 * (next() - 0.5),
    });
  });
  const state = (i) => (i === 4 ? 'frozen' : i === 17 ? 'offline' : i % 23 === 5 ? 'degraded' : 'ok');
  return {
    alerts,
    incidents,
    calls: [],
    cameras: estate,
    health: estate.filter((_, i) => i % 11 !== 8).map((camera, i) => health(camera.camera_id, state(i), now - 2_000)),
    zones: zones(now),
    sightings: Array.from({ length: 500 }, (_, i) => {
      const age = 118_000 * next();
      return sighting(now - age, place(), i % 70 === 0 ? { hits: [{ list_id: 'stolen' }] } : {});
    }).sort((a, b) => (a.occurred_at < b.occurred_at ? -1 : 1)),
    hotlists: [hotlist(now)],
  };
}

/** A layer of the map that was added: roads of the demo city, as its file `demo-nola.pmtiles` has them. */
export const mapLayer = (at, name, more = {}) => ({
  event_id: uuid(), occurred_at: iso(at), observed_at: iso(at), source: 'map/cli', jurisdiction: 'default', synthetic: false,
  name, title: '', kind: 'overlay', archive: `${name}-0123456789ab.pmtiles`, sha256: '0123456789ab'.padEnd(64, '0'), bytes: 1000,
  tiles: 'vector', tile_schema: 'generic', source_layers: ['road'], west: -90.14, south: 29.9, east: -89.95, north: 30.07,
  min_zoom: 0, max_zoom: 15, label: 'name', colour: '', attribution: '', changed_at: iso(at), changed_by: 'r.diaz', removed: false,
  ...more,
});
