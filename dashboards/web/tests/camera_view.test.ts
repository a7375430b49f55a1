import { describe, expect, it } from 'vitest';
import type { Camera, UnitPosition } from '$schemas/events';
import { gridTiles, readPinned, readSize, stepTile } from '../src/state/camera_grid';
import { frozenFor, frozenText, stillReads, whyNoStill } from '../src/state/camera_still';
import { distanceText, metresBetween, nearestCameras } from '../src/state/near_cameras';
import { unitCounts } from '../src/state/unit_counts';
import { alert, at, health, NOW } from './rows';

const camera = (camera_id: string, lon = 0, kind = 'lpr'): Camera => ({ camera_id, name: camera_id, lon, lat: 0, kind }) as Camera;
const byId = (...cameras: Camera[]): Map<string, Camera> => new Map(cameras.map((one) => [one.camera_id, one]));
const ids = (tiles: readonly { camera: Camera }[]): string[] => tiles.map((tile) => tile.camera.camera_id);

describe('near cameras', () => {
  it('are measured in metres, shrinking with the latitude', () => {
    expect(metresBetween([0, 0], [0, 1])).toBeCloseTo(111_320, 0);
    expect(metresBetween([0, 60], [1, 60])).toBeCloseTo(55_660, 0);
  });
  it('come nearest first', () => {
    expect(ids(nearestCameras([camera('far', 0.01), camera('here', 0.001), camera('west', -0.002)], [0, 0], 2))).toEqual(['here', 'west']);
  });
  it.each([[3, '5 m'], [87, '85 m'], [949, '950 m'], [960, '1.0 km'], [12_340, '12.3 km']])('at %i m are %s away', (m, text) => expect(distanceText(m)).toBe(text));
});

describe('the grid', () => {
  const cameras = byId(camera('a', 0.001), camera('b', 0.002), camera('c', 0.003), camera('d', 0.004));
  const wish = { cameras, health: new Map(), pinned: [] as string[], place: null, now: NOW };
  it('has the pinned first, then the nearest to what is selected, none twice', () => {
    const tiles = gridTiles({ ...wish, pinned: ['d', 'a', 'gone'], place: [0.003, 0] }, 4);
    expect(ids(tiles)).toEqual(['d', 'a', 'c', 'b']);
    expect(tiles.map((tile) => tile.isPinned)).toEqual([true, true, false, false]);
    expect(tiles[2]?.distanceM).toBe(0);
  });
  it('begins with what needs a look where nothing is selected', () => {
    const states = new Map([['c', { ...health('offline', 5), camera_id: 'c' }], ['b', { ...health('ok', 5), camera_id: 'b' }]]);
    const tiles = gridTiles({ ...wish, health: states }, 3);
    expect(ids(tiles)).toEqual(['c', 'a', 'd']);
    expect(tiles[0]?.distanceM).toBeNull();
  });
  it('is walked by arrows and has edges', () => {
    expect(stepTile(0, 'ArrowRight', 3, 9)).toBe(1);
    expect(stepTile(4, 'ArrowUp', 3, 9)).toBe(1);
    expect(stepTile(7, 'ArrowDown', 3, 9)).toBe(7);
    expect(stepTile(0, 'ArrowLeft', 3, 9)).toBe(0);
  });
  it('takes nothing else out of the browser than it put in', () => {
    expect(readPinned({ getItem: () => '["a",5]' })).toEqual(['a']);
    expect(readPinned({ getItem: () => '{' })).toEqual([]);
    expect(readSize({ getItem: () => '7' })).toBe(9);
    expect(readSize({ getItem: () => '16' })).toBe(16);
  });
});

describe('a still', () => {
  const read = { readId: 'r', plate: 'ABC123', takenAt: NOW - 60_000 };
  it('is of the newest plate alert of a camera with one read', () => {
    const reads = stillReads([
      alert('1', { camera_id: 'c', occurred_at: at(90), triggers: ['old'] }), alert('2', { camera_id: 'c', occurred_at: at(30), triggers: ['new'], subject: 'NEW1' }),
      alert('3', { camera_id: 'c', occurred_at: at(5), triggers: ['elsewhere', 'here'] }), alert('4', { camera_id: 'd', subject_kind: 'camera', triggers: ['x'] }),
    ]);
    expect([...reads]).toEqual([['c', { readId: 'new', plate: 'NEW1', takenAt: NOW - 30_000 }]]);
  });
  it('that is missing has a reason, always', () => {
    const none = { state: 'none', reason: '', picture: null } as const;
    const answers = [null, { error: 'the server cannot be reached' }, { told: none }, { told: { ...none, state: 'expired' as const } }, { told: { ...none, state: 'failed' as const, reason: 'too_large' } }];
    for (const answer of answers) expect(whyNoStill(camera('c'), read, answer)).not.toBe('');
    expect(whyNoStill(camera('c'), undefined, null)).toMatch(/No read of this camera raised an alert/);
    expect(whyNoStill(camera('c', 0, 'video'), undefined, null)).toMatch(/Live video is not connected/);
    expect(whyNoStill(camera('c'), read, { told: { ...none, state: 'fetched', picture: '/x' } })).toBe('');
  });
  it('is frozen from ten seconds on, or since its camera is', () => {
    expect(frozenText({ ...read, takenAt: NOW - 9_000 }, health('ok', 1), NOW)).toBe('');
    expect(frozenText(read, health('ok', 1), NOW)).toBe('FROZEN 01:00');
    expect(frozenText(undefined, health('frozen', 7), NOW)).toBe('FROZEN 00:07');
    expect(frozenText(undefined, health('ok', 7), NOW)).toBe('');
  });
  it.each([[7_000, '00:07'], [760_000, '12:40'], [11_100_000, '3:05:00'], [-5, '00:00']])('stands for %i ms as %s', (ms, text) => expect(frozenFor(ms)).toBe(text));
});

describe('units on the wall', () => {
  const unit = (status: string, secondsAgo = 5): UnitPosition => ({ unit_id: status, status, occurred_at: at(secondsAgo) }) as UnitPosition;
  it('are counted by what they can do, and apart when nobody heard of them', () => {
    expect(unitCounts([unit('available'), unit('not_available'), unit('available', 300), unit('lunch')], NOW)).toEqual({
      available: 1, conditionally_available: 0, not_available: 1, unknown: 1, stale: 1,
    });
  });
});
