/** A server of the page and of the protocol watchfloor.v1, small enough to do in a test exactly what is asked of it. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { iso, uuid } from './city.mjs';

const require = createRequire(new URL('../../dashboards/web/package.json', import.meta.url));
const { WebSocketServer } = require('ws');
const DIST = fileURLToPath(new URL('../../dashboards/web/dist/', import.meta.url));
const LOSSLESS = ['alerts', 'incidents', 'calls'];
const KEYS = { alerts: 'alert_id', incidents: 'incident_id', drawings: 'drawing_id', attachments: 'attachment_id', calls: 'call_id', cameras: 'camera_id', health: 'camera_id', zones: 'zone_id', sightings: 'event_id', hotlists: 'list_id', units: 'unit_id', layers: 'name' };
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.pmtiles': 'application/vnd.pmtiles', '.png': 'image/png', '.webmanifest': 'application/manifest+json' };
/** Where the page itself is given, as dashboards/server/static.py does. */
const SCREENS = new Set(['/', '/wall']);
/** As strict as the page can bear: no inline script, no inline style, no other origin. */
const POLICY = "default-src 'self'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'";

/** A picture of one pixel. */
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

export const NOBODY = {
  sign_in: true, notice: '', provider: '', account: '', name: '', roles: [], rights: [], areas: null, locked: false, locks_at: null, ends_at: null,
};

const SHAPES = { Polygon: 'polygon', LineString: 'line', Point: 'point' };

/** The drawing that an action leads to (pipeline/processors/incident_drawings.py). */
function drawingAfter(known, incident, action) {
  const by = { changed_by: action.actor, changed_at: iso(Date.now()) };
  const now = { event_id: uuid(), observed_at: by.changed_at, occurred_at: by.changed_at, ...by };
  if (action.name === 'incident.drawing_remove') return { ...known, ...now, rev: known.rev + 1, removed: true };
  if (action.name === 'incident.drawing_restore') return { ...known, ...now, rev: known.rev + 1, removed: false };
  const { kind, label, geometry } = action;
  const corners = { Polygon: (all) => all[0], LineString: (all) => all, Point: (one) => [one] }[geometry.type](geometry.coordinates);
  const drawn = { kind, label, shape: SHAPES[geometry.type], corners };
  if (known) return { ...known, ...now, ...drawn, rev: known.rev + 1 };
  const { source, jurisdiction, synthetic, incident_id, lat, lon } = incident;
  return { ...now, source, jurisdiction, synthetic, drawing_id: action.key, incident_id, rev: 1, ...drawn, lat, lon, drawn_by: by.changed_by, drawn_at: by.changed_at, removed: false };
}

/** The tasks of an incident after an action (pipeline/processors/incident_tasks.py). */
function tasksAfter(incident, action) {
  const { task, text, state, assignee, checklist } = action.details ?? {};
  const by = { changed_by: action.actor, changed_at: iso(Date.now()), rev: incident.rev + 1 };
  const fresh = { source: '', added_by: action.actor, added_at: by.changed_at, assignee: '', state: 'open', note: '', ...by };
  if (action.name === 'incident.task_add') return [...incident.tasks, { task_id: action.key, text, ...fresh }];
  if (action.name === 'incident.checklist') return [...incident.tasks, ...['weapons', 'suspects'].map((key) => ({ ...fresh, task_id: `${checklist}/${key}`, text: `Of the list: ${key}`, source: 'LASD Manual 3-07/020.05' }))];
  const now = { ...(state && { state, note: action.note }), ...(assignee !== undefined && { assignee }), ...by };
  return incident.tasks.map((one) => (one.task_id === task ? { ...one, ...now } : one));
}

export class FakeServer {
  /** Set to NOBODY, the page must sign in; else it is asked for nothing. */
  session = null;
  tickets = 0;
  epoch = 'k3f9';
  version = '0.1.0';
  /** Posted actions, as they came. */
  actions = [];
  hellos = [];
  /** What pages of the field said they look at. */
  views = [];
  welcomes = [];
  /** What pages said of the incident they have open. */
  present = [];
  requests = [];
  resyncs = [];
  replayed = [];
  deadLetters = [];
  /** What /api/noise tells, and what was said to it. */
  noise = [];
  noiseSaid = [];
  /** What /api/images tells, by the read's id. */
  images = {};
  /** What /api/incidents/…/history tells of each incident: its states; null: the store is away. */
  history = [];
  /** Every state of every drawing, as the store has them. */
  drawn = [];
  /** What /api/incidents/…/calls tells of each incident. */
  callers = [];
  /** What /api/ledger tells; null: it is away. */
  ledger = { begin: '', end: '', judged_at: null, states: {}, rows: [], left_out: 0, holes: [] };
  /** What /api/precision tells; null: it is away. `precisionAsked`: the queries it was asked. */
  precision = { by: 'camera', days: 90, rows: [], calibration: { judged: 0, brier: null, brier_of_base_rate: null, bins: [] }, rules: [] };
  precisionAsked = [];
  /** What POST /api/counts tells, by what was asked; null: the store is away. `counted`: what was asked. */
  counts = null;
  counted = [];
  /** What POST /api/plates/search tells; null: the log is away. `searched`, `exported`: what was asked. */
  plates = null;
  searched = [];
  exported = [];
  /** Who is signed in showed too long ago who they are: no file is made. */
  isProofOld = false;
  /** What /api/accounts tells; null: it cannot. What was done with them: path and body. */
  accounts = null;
  administered = [];
  /** The rows that /api/audit tells; null: the log is away. `audited`: the queries it was asked. */
  audit = [];
  audited = [];
  /** What /api/replay tells; null: it is away. `past`: the rows of a replay; `replays`: its sockets, in order;
   * `commands`: what they were told; `refuse`: a close code and reason instead of a replay. */
  timeLine = { marks: [], is_cut: false, oldest: iso(0), speeds: [1, 2, 5, 10, 30, 60] };
  past = {};
  replays = [];
  commands = [];
  refuse = null;
  /** What POST /api/actions answers: 200, or a status to fail with; `silent` confirms without a new state. */
  actionStatus = 200;
  silent = false;
  /** Why the next actions on incidents are refused, as the incident tells it: { why, first_by }; null: they are done. */
  refuse = null;
  /** What /api/push tells; `pushed`: what was posted there. */
  pushKey = '';
  devices = [];
  pushed = [];
  basemap = true;
  /** Map layers that there are files of: the file's name, and the built file that is served for it. */
  layerFiles = {};
  /** To whom an alert may be given; null: any name. */
  people = null;
  #rows = {};
  #tail = { alerts: [], incidents: [], calls: [] };
  #pos = { alerts: 0, incidents: 0, calls: 0 };
  #http = null;
  /** All that are open, and of them those that are told what is live. */
  #open = new Set();
  #sockets = new Set();
  #ping = null;
  port = 0;

  constructor(city = {}) {
    for (const channel of Object.keys(KEYS)) {
      this.#rows[channel] = new Map((city[channel] ?? []).map((row) => [row[KEYS[channel]], row]));
      if (LOSSLESS.includes(channel)) this.#pos[channel] = this.#rows[channel].size;
    }
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  position(channel) {
    return this.#pos[channel];
  }

  /** Tell every page that is open who has an incident open. */
  tellPresent(incident, people) {
    this.#broadcast({ t: 'present', incident, people });
  }

  row(channel, key) {
    return this.#rows[channel].get(key);
  }

  async start() {
    this.#http = createServer((request, response) => void this.#serve(request, response));
    const sockets = new WebSocketServer({ server: this.#http, path: '/ws', handleProtocols: () => 'watchfloor.v1+json' });
    sockets.on('connection', (socket) => this.#connect(socket));
    await new Promise((done) => this.#http.listen(this.port, '127.0.0.1', done));
    this.port = this.#http.address().port;
    let n = 0;
    this.#ping = setInterval(() => this.#broadcast({ t: 'ping', n: (n += 1), now: Date.now() }), 1000);
  }

  /** Go away at once, as a crash does; `start` comes back at the same address. */
  async stop() {
    clearInterval(this.#ping);
    for (const socket of this.#open) socket.terminate();
    this.#open.clear();
    this.#sockets.clear();
    const http = this.#http;
    this.#http = null;
    http?.closeAllConnections();
    await new Promise((done) => (http ? http.close(done) : done()));
  }

  /** Say nothing any more, with the connection open. */
  freeze() {
    clearInterval(this.#ping);
  }

  push(channel, rows) {
    for (const row of rows) this.#rows[channel].set(row[KEYS[channel]], row);
    const delta = { rows };
    if (LOSSLESS.includes(channel)) {
      delta.from = this.#pos[channel] + 1;
      delta.to = this.#pos[channel] += rows.length;
      this.#tail[channel].push(delta);
    }
    this.#broadcast({ t: 'd', now: Date.now(), ch: { [channel]: delta } });
  }

  /** Lose a delta on the way: a gap the page must notice. */
  loseNext(channel, rows) {
    for (const row of rows) this.#rows[channel].set(row[KEYS[channel]], row);
    this.#pos[channel] += rows.length;
  }

  /** Sign-in: `session` is what the server says of who asks; a page is let in with the password "right". */
  async #session(path, request, json) {
    if (path === '/api/session/ticket') return json(200, { ticket: `ticket-${(this.tickets += 1)}` });
    if (path === '/api/session/lock') {
      this.session = { ...this.session, locked: true, rights: [] };
      for (const socket of this.#sockets) socket.close(4401);
    }
    if (path === '/api/session/proof') {
      if ((await bodyOf(request)).password !== 'right') return json(401, { error: 'Name, password or code is not right.' });
      this.isProofOld = false;
    }
    if (path === '/api/session' && request.method === 'DELETE') this.session = { ...NOBODY, notice: this.session.notice };
    if (path === '/api/session' && request.method === 'POST') {
      const { account, password } = await bodyOf(request);
      if (password !== 'right') return json(401, { error: 'Name, password or code is not right.' });
      this.session = { ...this.session, account, name: 'R. Diaz', roles: ['monitor'], rights: ['act', 'calls', 'see'], locked: false };
    }
    return json(200, this.session);
  }

  /** Devices: kept by their ids, as the server makes them. */
  async #push(path, request, json) {
    if (request.method === 'POST') {
      const said = await bodyOf(request);
      this.pushed.push(said);
      if (path === '/api/push/remove') this.devices = this.devices.filter((one) => one.device !== said.device);
      else {
        const device = createHash('sha256').update(said.endpoint).digest('hex').slice(0, 32);
        this.devices = [...this.devices.filter((one) => one.device !== device), { device, name: said.name, made_at: Date.now() / 1000 }];
      }
    }
    return json(200, { key: this.pushKey, devices: this.devices });
  }

  #broadcast(message) {
    const text = JSON.stringify(message);
    for (const socket of this.#sockets) socket.send(text);
  }

  #connect(socket) {
    this.#open.add(socket);
    socket.on('close', () => {
      this.#open.delete(socket);
      this.#sockets.delete(socket);
    });
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (message.t === 'hello') this.#hello(socket, message);
      if (message.t === 'view') this.views.push(message);
      if (message.t === 'present') this.present.push(message);
      if (message.t === 'resync') {
        this.resyncs.push(message.ch);
        this.#snapshot(socket, message.ch);
      }
    });
  }

  /** A replay: the test says what happens in it. */
  #replay(socket, hello) {
    const send = (message) => socket.send(JSON.stringify(message));
    if (this.refuse) return socket.close(this.refuse.code, this.refuse.reason);
    const { at, speed, paused } = hello.replay;
    let epoch = 0;
    const begin = (now, state, fast) => {
      send({ t: 'welcome', epoch: `past-${this.replays.length}-${(epoch += 1)}`, now, mode: 'snapshot', hb: 5, version: '0.1.0' });
      for (const channel of hello.sub) send({ t: 'snap', ch: channel, pos: 0, part: 1, of: 1, rows: this.past[channel] ?? [] });
      send({ t: 'replay', now, state, speed: fast });
    };
    const tape = { hello, send, now: at, speed };
    this.replays.push(tape);
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (message.t === 'pong') return;
      this.commands.push(message);
      if (message.t === 'seek') begin((tape.now = message.at), 'paused', tape.speed);
      if (message.t === 'play') send({ t: 'replay', now: tape.now, state: 'playing', speed: (tape.speed = message.speed) });
      if (message.t === 'pause') send({ t: 'replay', now: tape.now, state: 'paused', speed: tape.speed });
    });
    const ping = setInterval(() => send({ t: 'ping', n: 1, now: tape.now }), 1000);
    socket.on('close', () => clearInterval(ping));
    begin(at, paused ? 'paused' : 'playing', speed);
    return undefined;
  }

  #hello(socket, hello) {
    if (hello.replay) return this.#replay(socket, hello);
    this.hellos.push(hello);
    const resume = hello.resume?.epoch === this.epoch ? hello.resume.pos : null;
    const mode = resume ? 'resume' : 'snapshot';
    this.welcomes.push(mode);
    socket.send(JSON.stringify({ t: 'welcome', epoch: this.epoch, now: Date.now(), mode, hb: 5, version: this.version }));
    this.#sockets.add(socket);
    for (const channel of hello.sub) {
      if (resume && resume[channel] !== undefined) {
        for (const delta of this.#tail[channel]) {
          if (delta.from > resume[channel]) socket.send(JSON.stringify({ t: 'd', now: Date.now(), ch: { [channel]: delta } }));
        }
      } else this.#snapshot(socket, channel);
    }
    return undefined;
  }

  #snapshot(socket, channel) {
    const rows = [...this.#rows[channel].values()];
    const size = 200;
    const of = Math.max(1, Math.ceil(rows.length / size));
    for (let part = 1; part <= of; part += 1) {
      socket.send(JSON.stringify({ t: 'snap', ch: channel, pos: this.#pos[channel] ?? 0, part, of, rows: rows.slice((part - 1) * size, part * size) }));
    }
  }

  async #serve(request, response) {
    const path = new URL(request.url, this.url).pathname;
    this.requests.push(path);
    const json = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (!this.session && path === '/api/session') return json(200, { ...NOBODY, sign_in: false });
    if (this.session && path.startsWith('/api/session')) return this.#session(path, request, json);
    if (path === '/api/status') return json(200, { version: '0.1.0', wrong: {}, hub: { channels: {} }, details: { embedded_log: true } });
    if (path.startsWith('/api/images/') && path.endsWith('/picture')) {
      response.writeHead(200, { 'content-type': 'image/png', 'content-security-policy': POLICY }).end(PIXEL);
      return undefined;
    }
    if (path.startsWith('/api/images/')) return json(200, this.images[path.split('/')[3]] ?? { state: 'none', reason: '', picture: null });
    if (path === '/api/ledger') return this.ledger ? json(200, this.ledger) : json(503, { error: 'The store cannot be reached now.' });
    if (path === '/api/replay') return this.timeLine ? json(200, this.timeLine) : json(503, { error: 'The store cannot be reached now' });
    if (path === '/api/noise' && request.method === 'POST') {
      this.noiseSaid.push(await bodyOf(request));
      return json(200, { event_id: 'x', noise_id: 'x' });
    }
    if (path === '/api/noise') return json(200, { rows: this.noise });
    if (/^\/api\/incidents\/[^/]+\/history$/.test(path)) return this.history ? json(200, { data: this.history }) : json(503, { error: 'The store cannot be reached now.' });
    if (/^\/api\/incidents\/[^/]+\/drawings\/history$/.test(path)) return this.history ? json(200, { data: this.drawn }) : json(503, { error: 'The store cannot be reached now.' });
    const drawn = /^\/api\/incidents\/([^/]+)\/drawings$/.exec(path);
    if (drawn && request.method === 'POST') {
      const body = await bodyOf(request);
      return this.#act({ ...body, name: body.drawing ? 'incident.drawing_change' : 'incident.draw', subject_id: drawn[1] }, json);
    }
    const file = /^\/api\/incidents\/([^/]+)\/attachments(?:\/([^/]+)\/withdraw)?$/.exec(path);
    if (file && request.method === 'POST') return this.#attach(file[1], file[2], request, json);
    if (/^\/api\/incidents\/[^/]+\/calls$/.test(path)) return json(200, this.callers);
    if (path === '/api/precision') {
      this.precisionAsked.push(new URL(request.url, this.url).search);
      return this.precision ? json(200, this.precision) : json(503, { error: 'The store cannot be reached now.' });
    }
    if (path.startsWith('/api/push')) return this.#push(path, request, json);
    const away = { error: 'The log did not confirm; nothing is lost by trying again.' };
    if (path === '/api/plates/search') {
      this.searched.push(await bodyOf(request));
      return this.plates ? json(200, this.plates) : json(503, away);
    }
    if (path === '/api/counts') {
      const asked = await bodyOf(request);
      this.counted.push(asked);
      return this.counts ? json(200, this.counts(asked)) : json(503, { error: 'The store cannot be reached now.' });
    }
    if (path === '/api/plates/export' && this.isProofOld) {
      return json(401, { error: 'Show again who you are.', code: 'insufficient_user_authentication', by: 'password' });
    }
    if (path === '/api/plates/export') {
      this.exported.push(await bodyOf(request));
      response.writeHead(200, { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="plate-reads-1.csv"' }).end('plate\r\nABC123\r\n');
      return undefined;
    }
    if (path.startsWith('/api/accounts') && request.method === 'POST') {
      this.administered.push([path, await bodyOf(request)]);
      return json(200, { account: 'j.doe', password: 'shown-once', secret: 'ABC', address: 'otpauth://totp/j.doe' });
    }
    if (path === '/api/accounts') return this.accounts ? json(200, { accounts: this.accounts, roles: ['monitor', 'administrator'] }) : json(503, away);
    if (path === '/api/audit') {
      this.audited.push(new URL(request.url, this.url).searchParams);
      return this.audit ? json(200, { begin: iso(0), end: iso(Date.now()), rows: this.audit, next: null }) : json(503, away);
    }
    if (path === '/api/dead-letters') return json(200, { rows: this.deadLetters, next: null });
    const replay = /^\/api\/dead-letters\/([^/]+)\/replay$/.exec(path);
    if (replay && request.method === 'POST') {
      this.replayed.push(replay[1]);
      return json(200, { event_id: replay[1] });
    }
    if (/^\/api\/alerts\/[^/]+\/people$/.test(path)) return json(200, { people: this.people });
    if (path === '/api/actions' && request.method === 'POST') return this.#act(await bodyOf(request), json);
    if (path.startsWith('/api/')) return json(404, { error: 'not found' });
    return this.#file(path, request, response);
  }

  #act(action, json) {
    if (this.session && (!this.session.account || (action.account && action.account !== this.session.account))) return json(401, { error: 'Sign in first.' });
    this.actions.push(action);
    if (this.actionStatus !== 200) return json(this.actionStatus, { error: 'the broker did not confirm' });
    json(200, { event_id: action.key });
    if (this.silent) return undefined;
    if (action.name.startsWith('incident.')) return this.#actOnIncident(action);
    this.push('alerts', [alertAfter(this.#rows.alerts.get(action.subject_id), action)]);
    return undefined;
  }

  #actOnIncident(action) {
    const incident = this.#rows.incidents.get(action.subject_id);
    const refused = this.refuse ? [...incident.refused, { action_id: action.key, name: action.name, actor: action.actor, at: iso(Date.now()), ...this.refuse }] : incident.refused;
    const tasks = this.refuse ? incident.tasks : tasksAfter(incident, action);
    if (/draw/.test(action.name) && !this.refuse) {
      const made = drawingAfter(this.row('drawings', action.drawing ?? action.details?.drawing), incident, action);
      this.drawn.push(made);
      this.push('drawings', [made]);
      this.push('incidents', [{ ...incident, event_id: uuid(), rev: incident.rev + 1, actions: [...incident.actions, action.key] }]);
      return undefined;
    }
    const stage = action.details?.stage && !this.refuse ? action.details.stage : incident.stage;
    this.push('incidents', [{ ...incident, event_id: uuid(), rev: incident.rev + 1, stage, refused, tasks, actions: [...incident.actions, action.key], changed_by: action.actor, changed_at: iso(Date.now()), note: action.note }]);
    return undefined;
  }

  /** A file put to an incident, or taken back (dashboards/server/attachments.py). */
  async #attach(incident_id, withdrawn, request, json) {
    const now = iso(Date.now());
    if (withdrawn) {
      const { actor, reason } = await bodyOf(request);
      const known = this.row('attachments', withdrawn);
      this.push('attachments', [{ ...known, event_id: uuid(), rev: known.rev + 1, withdrawn_by: actor, withdrawn_at: now, reason }]);
      return json(200, {});
    }
    const asked = new URL(request.url, this.url).searchParams;
    const hash = createHash('sha256');
    let byte_count = 0;
    for await (const part of request) {
      hash.update(part);
      byte_count += part.length;
    }
    if (asked.get('name').endsWith('.exe')) return json(415, { error: 'Files like this are not taken: pictures, PDF, MP4 and plain text are.' });
    this.push('attachments', [{
      event_id: uuid(), occurred_at: now, observed_at: now, source: 'server/web', jurisdiction: '', synthetic: false, attachment_id: uuid(), incident_id, rev: 1,
      name: asked.get('name'), media_type: 'image/png', byte_count, sha256: hash.digest('hex'), scan: 'not_scanned', scanned_at: null, finding: '', lat: null, lon: null,
      added_by: asked.get('actor'), added_at: now, withdrawn_by: '', withdrawn_at: null, reason: '',
    }]);
    return json(200, {});
  }

  async #file(path, request, response) {
    const layer = path.startsWith('/maps/') ? this.layerFiles[path.slice('/maps/'.length)] : undefined;
    // The field's page is the same page, and the built files are beneath it, too (dashboards/server/static.py).
    const part = path.replace(/^\/field(?=\/|$)/, '') || '/';
    const file = join(DIST, normalize(layer ?? (SCREENS.has(part) ? '/index.html' : part)));
    const found = file.startsWith(DIST) && (await stat(file).catch(() => null));
    if (!found || !found.isFile() || (!this.basemap && !layer && path.endsWith('.pmtiles'))) {
      response.writeHead(404).end();
      return;
    }
    const bytes = await readFile(file);
    const headers = { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY, 'cache-control': 'no-store', 'accept-ranges': 'bytes' };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (!range) {
      response.writeHead(200, headers).end(bytes);
      return;
    }
    const from = Number(range[1]);
    const to = Math.min(range[2] ? Number(range[2]) : bytes.length - 1, bytes.length - 1);
    response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${to}/${bytes.length}` }).end(bytes.subarray(from, to + 1));
  }
}

/** What pipeline/processors/alerts.py makes of an act, without its refusals. */
function alertAfter(alert, { name, actor, key, note, details = {} }) {
  const history = alert.history ?? [];
  const at = iso(Date.now());
  const owner = details.owner || actor;
  const status = { 'alert.acknowledge': 'acknowledged', 'alert.close': 'closed', 'alert.reopen': 'open' }[name];
  const changed = {
    'alert.assign': () => ({ owner, status: owner === actor && alert.status === 'open' ? 'acknowledged' : alert.status, escalated_by: owner === actor ? '' : alert.escalated_by }),
    'alert.escalate': () => ({ escalated_at: at, escalated_by: actor }),
    'alert.note': () => ({}),
    'alert.undo': () => alert.standing_before[0],
  }[name]?.() ?? { status, outcome: details.outcome ?? '', escalated_by: '', ...(status === 'acknowledged' && { owner: actor }) };
  const about = name === 'alert.assign' ? owner : name === 'alert.undo' ? history.at(-1)?.name : (details.outcome ?? '');
  const { status: was, owner: had = '', escalated_at = null, escalated_by = '' } = alert;
  return {
    ...alert, ...changed, event_id: uuid(), rev: alert.rev + 1, changed_by: actor, changed_at: at, note, actions: [...(alert.actions ?? []), key],
    history: [...history, { action_id: key, name, actor, at, note, about }],
    standing_before: ['alert.acknowledge', 'alert.assign', 'alert.close'].includes(name) ? [{ status: was, owner: had, escalated_at, escalated_by }] : [],
  };
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}
