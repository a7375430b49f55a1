/** What came of an alert, in words, with the key that says so while it is being closed (1 to 4). */
import { ALERT_OUTCOMES } from '$schemas/events';

export type Outcome = (typeof ALERT_OUTCOMES)[number];

const WORDS: Readonly<Record<Outcome, string>> = { useful: 'Useful', false: 'False', duplicate: 'Duplicate', test: 'Test' };

export const OUTCOMES: readonly (readonly [outcome: Outcome, text: string])[] = ALERT_OUTCOMES.map((one) => [one, WORDS[one]]);

export const outcomeFor = (key: string): Outcome | undefined => (/^[1-9]$/.test(key) ? ALERT_OUTCOMES[Number(key) - 1] : undefined);

/** Empty where nobody said. */
export const outcomeText = (outcome: string | undefined): string => WORDS[outcome as Outcome] ?? outcome ?? '';
