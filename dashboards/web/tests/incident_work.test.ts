import { describe, expect, it } from 'vitest';
import { callLines } from '../src/state/ranking';
import { callRows, unitRows } from '../src/map/rows';
import { asksForAssessment, outcomeOf, refusalText, stageText, wholeOf } from '../src/state/incident_work';
import { NOW, at, call, incident } from './rows';

const refused = { action_id: 'b', name: 'incident.close', actor: 'r.diaz', why: 'changed_meanwhile', first_by: 'c.kim', at: at(5) };

describe('an action on an incident', () => {
  it('waits until the incident names it', () => {
    expect(outcomeOf(incident('i', { actions: ['a'] }), 'b')).toBe('waiting');
    expect(outcomeOf(incident('i', { actions: ['a', 'b'] }), 'b')).toBe('done');
  });
  it('tells who was first when it was refused, though the incident names it', () => {
    expect(outcomeOf(incident('i', { actions: ['b'], refused: [refused] }), 'b')).toBe(refused);
    expect(refusalText(refused)).toBe('Not done: it was changed meanwhile by c.kim. Look at it as it is now, and do it again if it is still right.');
    expect(refusalText({ why: 'a_new_word', first_by: '' })).toBe('Not done: a new word.');
  });
});

describe('a merged incident', () => {
  const whole = incident('w', { call_ids: ['1', '2'] });
  const part = incident('p', { stage: 'merged', status: 'closed', merged_into: 'w', call_ids: ['2'] });
  it('is shown as the incident it is part of', () => {
    const known = new Map([['w', whole], ['p', part]]);
    expect(wholeOf(known, part)).toBe(whole);
    expect(wholeOf(new Map([['p', part]]), part)).toBe(part);
  });
  it('is no line and no mark of its own', () => {
    expect(callLines([whole, part], [call('1'), call('2')]).map((line) => line.id)).toEqual(['incident:w']);
    expect(callRows([whole, part], [call('1'), call('2')], NOW).map((row) => row.id)).toEqual(['incident:w']);
  });
  it('does not go round in a circle', () => {
    const known = new Map([['w', incident('w', { merged_into: 'p' })], ['p', part]]);
    expect(['w', 'p']).toContain(wholeOf(known, part).incident_id);
  });
});

describe('what the panel says', () => {
  it('names the stage, or the status where there is none', () => {
    expect(stageText({ stage: 'on_scene', status: 'open' })).toBe('on scene');
    expect(stageText({ stage: '', status: 'open' })).toBe('open');
  });
  it('asks for an assessment only after a first one', () => {
    expect(asksForAssessment({ assessment_version: 0, needs_assessment: true })).toBe(false);
    expect(asksForAssessment({ assessment_version: 1, needs_assessment: true })).toBe(true);
  });
});

it('a unit whose place is old is drawn as last known, with its age', () => {
  const unit = (unit_id: string, secondsAgo: number, status = 'available') => ({
    event_id: unit_id, occurred_at: at(secondsAgo), observed_at: at(secondsAgo), source: 'avl/1', jurisdiction: 'default', synthetic: false,
    unit_id, call_sign: '', kind: 'patrol', agency: '', lat: 29.95, lon: -90.07, accuracy_m: null, heading_deg: null, speed_kmh: null,
    status, status_raw: '', incident_ref: '',
  });
  const rows = unitRows([unit('free', 5), unit('busy', 5, 'not_available'), unit('old', 300)], NOW);
  expect(rows.map((row) => [row.properties['form'], row.properties['name']])).toEqual([
    ['free', 'free'], ['busy', 'busy'], ['stale', 'old (5 min ago)'],
  ]);
});
