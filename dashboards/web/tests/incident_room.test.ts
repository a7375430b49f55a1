import { describe, expect, it } from 'vitest';
import { logOf, NEAR_M, relatedAlerts, together, unitsOn, withOthers, type IncidentState } from '../src/state/incident_room';
import { alert, at, incident, NOW } from './rows';

const names = { unit: (id: string) => `Unit ${id}`, call: (id: string) => `No. ${id}` };
const state = (rev: number, over: Partial<IncidentState> = {}): IncidentState => ({ ...incident('i', { rev, stage: 'opened', call_ids: ['A'], observed_at: at(100 - rev) }), ...over });
const texts = (states: IncidentState[]) => logOf(states, names).map(({ text, by }) => (by ? `${text} | ${by}` : text));

describe('the log of an incident', () => {
  it('tells what changed from state to state, and who did it', () => {
    const person = { changed_by: 'r.diaz', changed_at: at(90) };
    expect(texts([
      state(1),
      state(2, { call_ids: ['A', 'B'] }),
      state(3, { call_ids: ['A', 'B'], owner: 'r.diaz', stage: 'assigned', note: 'Mine.', ...person }),
      state(4, { call_ids: ['A', 'B'], owner: 'r.diaz', stage: 'assigned', note: 'Mine.', units: ['7'], ...person }),
      state(5, { call_ids: ['A'], owner: '', stage: 'on_scene', note: 'Mine.', units: [], grade: 'immediate', ...person }),
    ])).toEqual([
      'Opened by call No. A',
      'Call No. B joined',
      'Now assigned | r.diaz', 'r.diaz has it | r.diaz', 'Mine. | r.diaz',
      'Unit 7 on it',
      'Call No. B taken out', 'Now on scene', 'Nobody has it any more', 'Unit 7 clear', 'Assessed: immediate',
    ]);
  });

  it('tells a note once, and again when somebody writes the same once more', () => {
    const notes = logOf([
      state(1, { note: 'Wait.', changed_by: 'a', changed_at: at(90) }),
      state(2, { note: 'Wait.', changed_by: 'a', changed_at: at(90), units: ['1'] }),
      state(3, { note: 'Wait.', changed_by: 'b', changed_at: at(80), units: ['1'] }),
    ], names).filter(({ isNote }) => isNote);
    expect(notes.map(({ by, at: when }) => [by, when])).toEqual([['a', NOW - 90_000], ['b', NOW - 80_000]]);
  });

  it('has what came live before the store has it, in its place and once', () => {
    const stored = [state(1), { ...state(2), rev: '2' as unknown as number }];
    expect(together(stored, [state(2, { stage: 'on_scene' })]).map(({ stage }) => stage)).toEqual(['opened', 'on_scene']);
    expect(together(stored, [state(9)]).map(({ rev }) => Number(rev))).toEqual([1, 2, 9]);
  });
});

describe('alerts that may have to do with it', () => {
  const here = incident('i', { opened_at: at(1000) });
  const far = 29.95 + (NEAR_M + 50) / 111_320;

  it('are those whose rule names it, wherever they are, then the near ones; what needs somebody first', () => {
    const found = relatedAlerts([
      alert('near-old', { raised_at: at(500), severity: 'P1', status: 'closed' }),
      alert('near', { raised_at: at(600), severity: 'P3' }),
      alert('linked', { incident_id: 'i', lat: far, raised_at: at(9000), severity: 'P4', status: 'closed' }),
      alert('far', { lat: far, raised_at: at(500) }),
      alert('nowhere', { lat: null, lon: null, raised_at: at(500) }),
    ], here);
    expect(found.map((one) => [one.alert.alert_id, one.isLinked])).toEqual([['linked', true], ['near', false], ['near-old', false]]);
  });

  it('are of its time: none from long before it, none after it was over', () => {
    const over = { ...here, closed_at: at(400) };
    const found = relatedAlerts([alert('before', { raised_at: at(2000) }), alert('in', { raised_at: at(1500) }), alert('after', { raised_at: at(300) })], over);
    expect(found.map(({ alert: one }) => one.alert_id)).toEqual(['in']);
  });
});

it('a unit on it says how old what is known of it is, and one that told nothing says so', () => {
  const units = new Map([['7', { ...incident('x'), unit_id: '7', call_sign: 'Adam 7', kind: 'patrol', agency: '', lat: 1, lon: 1, accuracy_m: null, heading_deg: null, speed_kmh: null, status: 'not_available', status_raw: '', incident_ref: '', occurred_at: at(300) }]]);
  expect(unitsOn(incident('i', { units: ['7', '8'] }), units, NOW)).toEqual([
    { id: '7', name: 'Adam 7', status: 'not available', ageMs: 300_000, isStale: true },
    { id: '8', name: '8', status: 'has told no position', ageMs: null, isStale: true },
  ]);
});

it('what was drawn stands in the log where its time belongs, and the log keeps its own order', () => {
  const entry = (id: string, seconds: number) => ({ id, at: seconds * 1000, by: '', text: id, isNote: false });
  // The third came with a call whose time was earlier than that of what a person did before.
  const log = [entry('opened', 10), entry('assigned', 30), entry('unit', 20), entry('closed', 50)];
  const ids = withOthers(log, [entry('first', 5), entry('drawn', 40), entry('last', 60)]).map(({ id }) => id);
  expect(ids).toEqual(['first', 'opened', 'assigned', 'unit', 'drawn', 'closed', 'last']);
});
