import { describe, expect, it } from 'vitest';
import { BETWEEN_MS, HOLD_MS, TOUCHED_MS, WallDirector, type Urgent } from '../src/state/wall_director';

const STAY = { views: 0, cycleMs: 0 };
const ROUND = { views: 3, cycleMs: 30_000 };
const START = 1_000_000;
const p1 = (id: string, raisedAt = START): Urgent => ({ id, raisedAt });

/** A wall that opened with nothing urgent a while ago. */
function quietWall(): WallDirector {
  const wall = new WallDirector(0);
  wall.step([], START, 0, STAY);
  return wall;
}
/** What it does each second from one time to another, ms. */
function run(wall: WallDirector, urgent: readonly Urgent[], from: number, to: number, plan = STAY): [number, string][] {
  const moves: [number, string][] = [];
  for (let now = from; now <= to; now += 1000) {
    const move = wall.step(urgent, START + now, now, plan);
    if (move) moves.push([now, move.to === 'alert' ? move.id : move.to === 'view' ? `view ${move.index}` : 'home']);
  }
  return moves;
}

describe('the wall', () => {
  it('shows a new P1 and goes back after 20 s', () => {
    expect(run(quietWall(), [p1('a')], 1000, 60_000)).toEqual([[1000, 'a'], [1000 + HOLD_MS, 'home']]);
  });
  it('does not go to what was open when it was opened, but to what had just come', () => {
    expect(run(new WallDirector(0), [p1('old', START - 120_000), p1('young', START - 20_000)], 0, 60_000).map(([, to]) => to)).toEqual(['young', 'home']);
  });
  it('knows nothing while its first rows are not here', () => {
    const wall = new WallDirector(0);
    expect(wall.step(null, START, 0, STAY)).toBeNull();
    expect(wall.step([p1('old', START - 120_000)], START, 1000, STAY)).toBeNull();
    expect(wall.step([p1('old', START - 120_000), p1('new', START)], START, 2000, STAY)).toEqual({ to: 'alert', id: 'new' });
  });
  it('shows several one after the other, the longest waiting first, never two moves within 15 s', () => {
    const wall = quietWall();
    const moves = run(wall, [p1('b', START + 2), p1('a', START + 1), p1('c', START + 3)], 1000, 120_000);
    expect(moves.map(([, to]) => to)).toEqual(['a', 'b', 'c', 'home']);
    moves.slice(1).forEach(([at], index) => expect(at - (moves[index]?.[0] ?? 0)).toBeGreaterThanOrEqual(BETWEEN_MS));
  });
  it('never moves within a minute of a key or the pointer, and shows then what is still open', () => {
    const wall = quietWall();
    wall.touched(1000);
    expect(run(wall, [p1('a'), p1('taken')], 1000, 30_000)).toEqual([]);
    expect(run(wall, [p1('a')], 31_000, 120_000)).toEqual([[1000 + TOUCHED_MS, 'a'], [1000 + TOUCHED_MS + HOLD_MS, 'home']]);
  });
  it('leaves the map to who touches it while an alert is shown, and takes the picture away all the same', () => {
    const wall = quietWall();
    run(wall, [p1('a')], 1000, 5000);
    wall.touched(6000);
    expect(run(wall, [p1('a')], 6000, 6000 + TOUCHED_MS - 1000)).toEqual([]);
    expect(wall.shown).toBeNull();
    expect(run(wall, [p1('a')], 6000 + TOUCHED_MS, 200_000)).toEqual([[6000 + TOUCHED_MS, 'home']]);
  });
  it('is told once of each P1, also when it goes and comes back', () => {
    const wall = quietWall();
    run(wall, [p1('a')], 1000, 60_000);
    run(wall, [], 61_000, 62_000);
    expect(run(wall, [p1('a')], 63_000, 120_000)).toEqual([]);
  });
  it('goes round its saved views, from where it was left by an alert, and stands when told to', () => {
    const wall = quietWall();
    wall.chose(0, 0);
    expect(run(wall, [], 1000, 61_000, ROUND)).toEqual([[30_000, 'view 1'], [60_000, 'view 2']]);
    expect(run(wall, [p1('a')], 62_000, 96_000, ROUND)).toEqual([[75_000, 'a'], [95_000, 'view 2']]);
    wall.isPaused = true;
    expect(run(wall, [p1('a')], 97_000, 300_000, ROUND)).toEqual([]);
  });
  it('has nowhere to go with one view, or none', () => {
    const wall = quietWall();
    wall.chose(0, 0);
    expect(run(wall, [], 1000, 200_000, { views: 1, cycleMs: 30_000 })).toEqual([]);
    expect(run(quietWall(), [], 1000, 200_000, { views: 0, cycleMs: 30_000 })).toEqual([]);
  });
});
