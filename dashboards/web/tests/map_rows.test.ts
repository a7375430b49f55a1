import { describe, expect, it } from 'vitest';
import { alertRows, callRows, cameraRows, expectedRows, pulsesOf, unitRows } from '../src/map/rows';
import type { Camera, UnitPosition } from '$schemas/events';
import { SourceContent } from '../src/map/source_diff';
import { alert, at, call, incident, NOW } from './rows';

describe('what is drawn', () => {
  it('is alerts that are open or acknowledged and have a place', () => {
    const rows = alertRows([
      alert('open'), alert('taken', { status: 'acknowledged' }), alert('closed', { status: 'closed' }),
      alert('recalled', { status: 'recalled' }), alert('nowhere', { lat: null, lon: null }),
    ], NOW);
    expect(rows.map((r) => [r.id, r.properties['form']])).toEqual([['open', 'open'], ['taken', 'taken']]);
  });
  it('puts the gravest that nobody has taken on top', () => {
    const [p1, p2, taken] = alertRows([alert('1', { severity: 'P1' }), alert('2'), alert('3', { severity: 'P1', status: 'acknowledged' })], NOW);
    expect(p1?.properties['rank']).toBeGreaterThan(Number(p2?.properties['rank']));
    expect(p2?.properties['rank']).toBeGreaterThan(Number(taken?.properties['rank']));
  });
  it('lies like cards where several are at one place, the most urgent on top', () => {
    const rows = alertRows([alert('low', { severity: 'P3' }), alert('far', { lat: 1 }), alert('high', { severity: 'P1' })], NOW);
    expect(rows.map((r) => [r.id, r.properties['card']])).toEqual([['high', 0], ['far', 0], ['low', 1]]);
    expect(Number(rows[0]?.properties['rank'])).toBeGreaterThan(Number(rows[2]?.properties['rank']));
  });
  it('pulses for P1 alone, and only until somebody has taken it', () => {
    const pulses = pulsesOf([alert('a', { severity: 'P1', lat: 1 }), alert('b'), alert('c', { severity: 'P1', status: 'acknowledged' })]);
    expect(pulses.map((p) => p.lat)).toEqual([1]);
  });
  it('is one mark for a call and its incident, none for what is over or a day old', () => {
    const rows = callRows(
      [incident('i', { call_ids: ['a'] }), incident('over', { status: 'closed' }), incident('history', { opened_at: at(90_000) })],
      [call('a'), call('b', { priority: null }), call('done', { status: 'cancelled' }), call('nowhere', { lat: null })],
      NOW,
    );
    expect(rows.map((r) => [r.id, r.properties['priority']])).toEqual([['incident:i', '5'], ['call:b', 'none']]);
  });
});

describe('of what lies together', () => {
  it('a P1 weighs more than any P2, taken or not, so that its shape stands on the crowd', () => {
    const weights = alertRows([
      alert('p1', { severity: 'P1', status: 'acknowledged' }), alert('p2'), alert('p3', { severity: 'P3' }), alert('open', { severity: 'P1' }),
    ], NOW).toSorted((a, b) => Number(b.properties['weight']) - Number(a.properties['weight'])).map((row) => row.id);
    expect(weights).toEqual(['open', 'p1', 'p2', 'p3']);
  });
  it('a row is another object only when it looks different', () => {
    const camera = { camera_id: 'c', name: 'C', lat: 1, lon: 2, kind: 'video', heading_deg: 90 } as Camera;
    const [ok] = cameraRows([{ camera, state: 'ok' }]);
    expect(cameraRows([{ camera, state: 'ok' }])[0]).toBe(ok);
    expect(cameraRows([{ camera, state: 'stopped' }])[0]?.properties).toMatchObject({ state: 'stopped', heading: 90 });
    expect(cameraRows([{ camera: { ...camera, heading_deg: null }, state: 'ok' }])[0]?.properties).not.toHaveProperty('heading');
    const unit = { unit_id: 'u', call_sign: 'Adam 1', lat: 1, lon: 2, status: 'available', occurred_at: at(60) } as UnitPosition;
    const [fresh] = unitRows([unit], NOW);
    expect(unitRows([unit], NOW + 10_000)[0]).toBe(fresh);
    expect(unitRows([unit], NOW + 120_000)[0]?.properties).toEqual({ name: 'Adam 1 (3 min ago)', form: 'stale' });
  });
});

describe('where a wanted vehicle is expected', () => {
  const camera = (id: string, lon: number): Camera => ({ camera_id: id, lat: 1, lon, name: id }) as Camera;
  const cameras = new Map([camera('A', 2), camera('B', 3)].map((one) => [one.camera_id, one]));
  const facts = {
    expected_cameras: 'A gone B', passes: '840',
    camera_1: 'A', share_1: '0.620', soonest_s_1: '40', latest_s_1: '85',
    camera_2: 'gone', share_2: '0.200', soonest_s_2: '40', latest_s_2: '85',
    camera_3: 'B', share_3: '0.140', soonest_s_3: '114', latest_s_3: '300',
  };
  it('is drawn at the cameras that an alert names, with their share and time', () => {
    const rows = expectedRows(alert('a', { why: [{ kind: 'read', text: '', facts: {} }, { kind: 'expected_next', text: '', facts }] }), cameras);
    expect(rows.map((row) => [row.id, row.properties['label']])).toEqual([['A', '62% in 40 s to 85 s'], ['B', '14% in 2 min to 5 min']]);
    expect(rows[0]?.geometry).toEqual({ type: 'Point', coordinates: [2, 1] });
  });
  it('is nowhere for an alert that does not say, and for none', () => {
    expect(expectedRows(alert('a'), cameras)).toEqual([]);
    expect(expectedRows(null, cameras)).toEqual([]);
  });
});

describe('a map source', () => {
  it('is told of a row that was made anew only when it is another one', () => {
    const content = new SourceContent();
    content.update([row('a', 'ok')]);
    expect(content.update([row('a', 'ok')])).toBeNull();
  });
  const row = (id: string, state: string) => ({ id, geometry: { type: 'Point' as const, coordinates: [0, 0] }, properties: { state } });
  it('is told only what changed', () => {
    const content = new SourceContent();
    expect(content.update([row('a', 'ok'), row('b', 'ok')])?.add).toHaveLength(2);
    expect(content.update([row('a', 'ok'), row('b', 'ok')])).toBeNull();
    const diff = content.update([row('a', 'stopped')]);
    expect(diff?.remove).toEqual(['a', 'b']);
    expect(diff?.add.map((f) => f.properties?.['state'])).toEqual(['stopped']);
    expect(content.size).toBe(1);
  });
});
