import { expect, test } from 'vitest';
import { fileLog, filesOf, isGiven, scanText, sizeText } from '../src/state/attachments';
import { at, attachment, incident } from './rows';

test('the files of an incident are its own and those of its parts, oldest first', () => {
  const incidents = new Map([incident('i'), incident('part', { merged_into: 'i' }), incident('other')].map((one) => [one.incident_id, one]));
  const all = [attachment('b', { added_at: at(10) }), attachment('a', { incident_id: 'part', added_at: at(20) }), attachment('x', { incident_id: 'other' }), attachment('y', { incident_id: 'unknown' })];
  expect(filesOf(all, incidents, 'i').map((one) => one.attachment_id)).toEqual(['a', 'b']);
});

test('a file that nobody scanned is never called clean, and a harmful or withdrawn one is not offered', () => {
  expect(scanText({ scan: 'not_scanned', finding: '' })).toBe('not scanned: no scanner is set up');
  expect(scanText({ scan: 'infected', finding: 'Eicar' })).toBe('HARMFUL: not given out (Eicar)');
  expect(['clean', 'not_scanned', 'waiting', 'infected'].map((scan) => isGiven(attachment('a', { scan })))).toEqual([true, true, false, false]);
  expect(isGiven(attachment('a', { scan: 'clean', withdrawn_at: at(1) }))).toBe(false);
  expect([999, 48_213, 2_500_000].map(sizeText)).toEqual(['999 bytes', '48 kB', '2.5 MB']);
});

test('the log says who put a file there and who withdrew it, and why', () => {
  const told = fileLog([attachment('a', { withdrawn_by: 'b.lee', withdrawn_at: at(5), reason: 'Wrong door' }), attachment('b', { name: 'map.pdf', added_at: at(30) })]);
  expect(told.map(({ text, by }) => `${text} (${by})`)).toEqual([
    'File added: door.jpg (r.diaz)', 'File added: map.pdf (r.diaz)', 'File withdrawn: door.jpg (Wrong door) (b.lee)',
  ]);
});
