/** What a search is for, as schemas/purpose.py has it: without it nothing is searched, here and on the server. */
import { MIN_PURPOSE_TEXT, PURPOSES } from '$schemas/events';

export interface Purpose {
  readonly code: string;
  readonly reference: string;
  readonly text: string;
}

export const NO_PURPOSE: Purpose = { code: '', reference: '', text: '' };

/** What a purpose lacks, in words; empty when it is whole. */
export function whatIsMissing({ code, reference, text }: Purpose): string {
  if (!(code in PURPOSES)) return 'Choose what it is for.';
  if (!/[\p{L}\p{N}]/u.test(reference)) return 'Give the number of the case or incident.';
  if (text.trim().length < MIN_PURPOSE_TEXT || !/\p{L}/u.test(text)) return `Say in words why (at least ${MIN_PURPOSE_TEXT} characters).`;
  return '';
}

/** As the server wants it. */
export const toldPurpose = ({ code, reference, text }: Purpose) => ({
  purpose_code: code, reference: reference.trim(), purpose: text.trim(),
});
