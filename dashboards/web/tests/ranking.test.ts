import { describe, expect, it } from 'vitest';
import { byLastChange, byUrgency, callLines, severityOf } from '../src/state/ranking';
import { alert, at, call, incident } from './rows';
import { changedBy, changedByShort, shortTitle } from '../src/state/names';
import type { World } from '../src/state/world';

describe('alerts', () => {
  it('come not yet acknowledged first, then by severity, then newest', () => {
    const rows = [
      alert('acknowledged P1', { severity: 'P1', status: 'acknowledged' }),
      alert('old P2', { raised_at: at(500) }),
      alert('P4', { severity: 'P4' }),
      alert('new P2', { raised_at: at(5) }),
      alert('P1', { severity: 'P1', raised_at: at(900) }),
      alert('recalled P1', { severity: 'P1', status: 'recalled' }),
    ];
    expect(byUrgency(rows).map((a) => a.title)).toEqual(['P1', 'new P2', 'old P2', 'P4', 'acknowledged P1', 'recalled P1']);
  });

  it('that nobody took in time are the first of their severity, the longest waiting on top, and never above a graver one', () => {
    const late = (title: string, over: object) => alert(title, { escalated_at: at(1), ...over });
    const rows = [
      late('late P2', {}), alert('new P1', { severity: 'P1', raised_at: at(1) }), late('late P1', { severity: 'P1', raised_at: at(40) }),
      late('later P1', { severity: 'P1', raised_at: at(90) }), alert('new P2', { raised_at: at(1) }), late('taken P1', { severity: 'P1', status: 'acknowledged' }),
    ];
    expect(byUrgency(rows).map((a) => a.title)).toEqual(['later P1', 'late P1', 'new P1', 'late P2', 'new P2', 'taken P1']);
  });

  it('are compared as moments, whatever the number of digits', () => {
    const rows = [alert('earlier', { raised_at: '2026-01-15T18:30:05Z' }), alert('later', { raised_at: '2026-01-15T18:30:05.125Z' })];
    expect(byUrgency(rows).map((a) => a.title)).toEqual(['later', 'earlier']);
  });

  it('keep one order when nothing tells them apart', () => {
    const rows = [alert('b'), alert('a'), alert('c')];
    expect(byUrgency(rows)).toEqual(byUrgency([...rows].reverse()));
  });

  it('of a severity this page does not know are shown as P4', () => {
    expect(severityOf({ severity: 'P0' })).toBe('P4');
  });

  it('that are closed come by when they were dealt with', () => {
    const rows = [alert('first', { changed_at: at(30) }), alert('last', { changed_at: at(3) })];
    expect(byLastChange(rows).map((a) => a.title)).toEqual(['last', 'first']);
  });
});

describe('calls', () => {
  it('that belong to an incident are one line with it', () => {
    const lines = callLines([incident('i', { call_ids: ['a'] })], [call('a'), call('b', { priority: 1 })]);
    expect(lines.map((l) => l.id)).toEqual(['incident:i', 'call:b']);
  });

  it('that go on come before those that are over, then by priority', () => {
    const lines = callLines(
      [incident('over', { status: 'closed', priority: 10 }), incident('low', { priority: 1 })],
      [call('none', { priority: null }), call('high', { priority: 9 })],
    );
    expect(lines.map((l) => l.id)).toEqual(['call:high', 'incident:low', 'call:none', 'incident:over']);
  });
});

describe('the title in a row', () => {
  const world = { cameras: new Map([['c', { name: 'Canal St' }]]) } as unknown as World;
  it('leaves out the camera that the row names anyway, and only that', () => {
    expect(shortTitle(world, { title: 'Stolen vehicle 1 at Canal St', camera_id: 'c' })).toBe('Stolen vehicle 1');
    expect(shortTitle(world, { title: 'Shots heard at Canal St', camera_id: null })).toBe('Shots heard at Canal St');
    expect(shortTitle(world, { title: 'Camera stopped: Canal St', camera_id: 'c' })).toBe('Camera stopped: Canal St');
  });
});

describe('who changed an alert', () => {
  it('is a rule, or a person whose name is not verified', () => {
    expect(changedBy({ changed_by: 'rule:camera_stopped' })).toBe('its rule');
    expect(changedBy({ changed_by: 'r.diaz' })).toBe('r.diaz (unverified)');
    expect(changedByShort({ changed_by: 'r.diaz' })).toBe('r.diaz');
  });
});
