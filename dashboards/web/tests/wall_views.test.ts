import { describe, expect, it } from 'vitest';
import { readAddress } from '../src/state/wall_address';
import { keepView, readViews, wallCommandFor } from '../src/state/wall_views';

describe('the address of a wall', () => {
  it('says profile, size, round and when to start anew', () => {
    expect(readAddress('?profile=east&scale=1.5&cycle=30&reload=5:05')).toEqual({ profile: 'east', scale: 1.5, cycleS: 30, reloadMinute: 305, wrong: '' });
  });
  it('needs none of it', () => expect(readAddress('')).toEqual({ profile: '', scale: 1, cycleS: 0, reloadMinute: 270, wrong: '' }));
  it.each(['?scale=9', '?scale=big', '?cycle=3', '?cycle=-1', '?reload=25:00', '?reload=noon'])('says what is wrong with %s and goes on', (search) => {
    const { wrong, scale, cycleS, reloadMinute } = readAddress(search);
    expect(wrong).toContain(search.slice(1).split('=')[0]);
    expect([scale, cycleS, reloadMinute]).toEqual([1, 0, 270]);
  });
  it('may say that there is no round', () => expect(readAddress('?cycle=0').wrong).toBe(''));
});

describe('saved views', () => {
  const storage = (): { getItem(key: string): string | null; setItem(key: string, value: string): void } => {
    const kept = new Map<string, string>();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  };
  const place = { lon: -90, lat: 30, zoom: 13 };
  it('come back under their profile and no other', () => {
    const kept = storage();
    keepView(kept, 'east', readViews(kept, 'east'), 2, place);
    expect(readViews(kept, 'east')).toEqual([null, null, place, null, null, null, null, null, null]);
    expect(readViews(kept, 'west')).toEqual(Array(9).fill(null));
  });
  it.each(['', '{', '{"a":1}', '[1,{"lon":"x","lat":1,"zoom":2},{"lon":1,"lat":1}]', '[{"lon":1,"lat":500,"zoom":2}]'])('are none where %s was kept', (text) => {
    const kept = storage();
    kept.setItem('watchfloor.wall.', text);
    expect(readViews(kept, '')).toEqual(Array(9).fill(null));
  });
});

describe('keys of a wall', () => {
  const press = (key: string, code = '', shiftKey = false) => ({ key, code, shiftKey, ctrlKey: false, metaKey: false, altKey: false });
  it('show and save views, whatever Shift makes of a digit', () => {
    expect(wallCommandFor(press('3', 'Digit3'), true)).toEqual({ show: 2 });
    expect(wallCommandFor(press('§', 'Digit3', true), true)).toEqual({ save: 2 });
    expect(wallCommandFor(press('9', 'Numpad9'), true)).toEqual({ show: 8 });
    expect(wallCommandFor(press('0', 'Digit0'), true)).toBeNull();
  });
  it('can be turned off, all but Space', () => {
    expect(['f', 'l', 's', '?'].map((key) => wallCommandFor(press(key), true))).toEqual(['full-screen', 'home', 'sound', 'help']);
    expect(['f', 'l', 's', '?'].map((key) => wallCommandFor(press(key), false))).toEqual([null, null, null, null]);
    expect(wallCommandFor(press(' '), false)).toBe('pause');
    expect(wallCommandFor({ ...press('f'), ctrlKey: true }, true)).toBeNull();
  });
  it('act on nothing', () => expect([...'acehijkmnxz'].map((key) => wallCommandFor(press(key), true)).every((one) => one === null)).toBe(true));
});
