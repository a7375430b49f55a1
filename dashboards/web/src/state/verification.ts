/** What must be looked at before anybody is sent: as the processors decide it (schemas/verification.py). */
import { ALERT_CHECKS, type Alert } from '$schemas/events';

type Checked = Pick<Alert, 'checks' | 'verdict' | 'verified_by' | 'subject_kind'>;
export type Check = (typeof ALERT_CHECKS)[number];

export const needsVerification = (alert: Pick<Alert, 'subject_kind'>): boolean => alert.subject_kind === 'plate';

/** What this person has checked; what another did counts for nothing when they go on. */
export const checkedBy = (alert: Checked, actor: string): readonly Check[] =>
  alert.verified_by === actor ? ALERT_CHECKS.filter((one) => (alert.checks ?? []).includes(one)) : [];

export const isDispatchable = (alert: Checked): boolean =>
  !needsVerification(alert) ||
  (alert.verdict === 'correct' && ALERT_CHECKS.every((one) => (alert.checks ?? []).includes(one)));

export const CHECK_WORDS: Record<Check, string> = {
  plate: 'The characters in the picture are those of the list',
  state: 'The state in the picture is that of the list',
  record: 'The record is still active: I have asked just now',
};

export const VERDICT_WORDS: Record<string, string> = {
  correct: 'Correct',
  wrong_state: 'Wrong state',
  misread: 'Misread',
  list_wrong: 'List is wrong',
  other: 'Other',
};
