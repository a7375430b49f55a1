import { expect, it } from 'vitest';
import { detailsText, purposeText, sealText, whoText } from '../src/state/audit';

const details = { plate: 'AB?123', look_alikes: 'yes', purpose_code: 'stolen_vehicle', reference: '26-0112' };

it('says purpose and number apart from what was asked', () => {
  expect(purposeText({ details }, { stolen_vehicle: 'stolen vehicle' })).toBe('stolen vehicle, 26-0112');
  expect(purposeText({ details: { purpose_code: 'new_code' } }, {})).toBe('new_code');
  expect(detailsText({ details })).toBe('plate AB?123, look alikes yes');
});

it('names no person where a command did it', () => {
  expect(whoText({ who: '', source: 'hotlist/csv' })).toBe('by hotlist/csv');
  expect(whoText({ who: 'r.diaz', source: 'server/web' })).toBe('r.diaz');
});

it('says under which seal a deed lies, the first one too', () => {
  expect([sealText({ seal: 0 }), sealText({ seal: null })]).toEqual(['Under seal 0', 'Not sealed: too new, or of a kind that is not']);
});
