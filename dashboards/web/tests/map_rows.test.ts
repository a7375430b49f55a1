import { describe, expect, it } from 'vitest';
import { alertRows, callRows, pulsesOf } from '../src/map/rows';
import { SourceContent } from '../src/map/source_diff';
import { alert, at, call, incident, NOW } from './rows';

describe('what is drawn', () => {
  it('is alerts that are open or acknowledged and have a place', () => {
    const rows = alertRows([
      alert('open'), alert('taken', { status: 'acknowledged' }), alert('closed', { status: 'closed' }),
      alert('recalled', { status: 'recalled' }), alert('nowhere', { lat: null, lon: null }),
    ]);
    expect(rows.map((r) => [r.id, r.properties['form']])).toEqual([['open', 'open'], ['taken', 'taken']]);
  });
  it('puts the gravest that nobody has taken on top', () => {
    const [p1, p2, taken] = alertRows([alert('1', { severity: 'P1' }), alert('2'), alert('3', { severity: 'P1', status: 'acknowledged' })]);
    expect(p1?.properties['rank']).toBeGreaterThan(Number(p2?.properties['rank']));
    expect(p2?.properties['rank']).toBeGreaterThan(Number(taken?.properties['rank']));
  });
  it('lies like cards where several are at one place, the most urgent on top', () => {
    const rows = alertRows([alert('low', { severity: 'P3' }), alert('far', { lat: 1 }), alert('high', { severity: 'P1' })]);
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

describe('a map source', () => {
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
