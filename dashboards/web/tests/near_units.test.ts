import { describe, expect, it } from 'vitest';
import { wayText, type NearUnit } from '../src/state/near_units';

const unit: NearUnit = {
  unit_id: '801A', call_sign: 'Adam 801', kind: 'patrol', status: 'available', measured: 'road', road_s: 192,
  why_not_by_road: '', distance_m: 1234.4, age_s: 5,
};

describe('wayText', () => {
  it('says minutes by road where they are known', () => {
    expect(wayText(unit)).toBe('3.2 min by road (1234 m straight)');
  });
  it('says why it is a straight line, and no minutes', () => {
    const why = 'the unit is more than 100 m from a road';
    expect(wayText({ ...unit, measured: 'straight_line', road_s: null, why_not_by_road: why })).toBe(`1234 m straight line, ${why}`);
  });
});
