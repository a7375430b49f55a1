import { describe, expect, it } from 'vitest';
import { CHECKLISTS, type IncidentTask } from '$schemas/events';
import { logOf, type IncidentState } from '../src/state/incident_room';
import { fateText, listsFor, nextState, progressText, sourceText } from '../src/state/incident_tasks';
import { refusalText } from '../src/state/incident_work';
import { at, incident, NOW } from './rows';

const task = (task_id: string, over: Partial<IncidentTask> = {}): IncidentTask => ({
  task_id, text: `Do ${task_id}`, source: '', added_by: 'r.diaz', added_at: at(90), assignee: '', state: 'open', note: '', changed_by: 'r.diaz', changed_at: at(90), rev: 1, ...over,
});
const whole = (name: string): IncidentTask[] =>
  (CHECKLISTS.find((one) => one.name === name)?.tasks ?? []).map(({ key }) => task(`${name}/${key}`));

describe('the tasks of an incident', () => {
  it('are seen to when they are done or not needed', () => {
    expect(progressText([task('a'), task('b', { state: 'done' }), task('c', { state: 'not_needed' })])).toBe('2 of 3');
    expect([nextState(task('a')), nextState(task('a', { state: 'done' })), nextState(task('a', { state: 'not_needed' }))]).toEqual(['done', 'open', 'open']);
  });

  it('say what became of them and where they come from', () => {
    expect(fateText(task('a'))).toBe('');
    expect(fateText(task('a', { assignee: 'b.lee' }))).toBe('for b.lee');
    expect(fateText(task('a', { state: 'done', changed_by: 'b.lee' }))).toBe('done by b.lee');
    expect(fateText(task('a', { state: 'not_needed', note: 'found' }))).toBe('not needed, says r.diaz: found');
    expect([sourceText(task('a')), sourceText(task('a', { source: 'own' })), sourceText(task('a', { source: '34 USC 41308' }))])
      .toEqual(['added by r.diaz', 'Watchfloor’s list', '34 USC 41308']);
  });

  it('are suggested by the kind of the incident, then the list for any; none twice', () => {
    const names = (category: string, tasks: IncidentTask[] = []) => listsFor(incident('i', { category, tasks })).map(({ name }) => name);
    expect(names('carjacking').slice(0, 2)).toEqual(['robbery', 'incident']);
    expect(names('burglary')[0]).toBe('incident');
    expect(names('carjacking', whole('robbery'))).not.toContain('robbery');
    expect(names('carjacking', whole('robbery').slice(1))[0]).toBe('robbery');
  });

  it('are in the log with who changed them, a list as one line, whether the store tells the changed ones or all', () => {
    const state = (rev: number, tasks: IncidentTask[]): IncidentState => ({ ...incident('i', { rev, call_ids: ['A'] }), tasks });
    const [a, b] = [task('a', { rev: 2 }), task('b', { rev: 2 })];
    const done = { ...a, state: 'done', changed_by: 'b.lee', changed_at: at(50), rev: 4 };
    const lines = logOf([
      state(1, []),
      state(2, [a, b]),
      state(3, [a, b, task('c', { rev: '3' as unknown as number })]),
      state(4, [done]),
      state(5, [{ ...b, assignee: 'c.kim', rev: 5 }, done]),
      state(6, [{ ...b, assignee: 'c.kim', state: 'not_needed', note: 'found', rev: 6 }]),
      state(7, [{ ...done, state: 'open', rev: 7 }]),
    ], { unit: String, call: String });
    expect(lines.map(({ text, by }) => `${text} | ${by}`)).toEqual([
      'Opened by call A | ', '2 tasks added | r.diaz', 'Task added: Do c | r.diaz', 'Task done: Do a | b.lee', 'Task for c.kim: Do b | r.diaz',
      'Task not needed: Do b (found) | r.diaz', 'Task open again: Do a | b.lee',
    ]);
    expect(lines[3]?.at).toBe(NOW - 50_000);
  });

  it('tell who was too late who was first', () => {
    expect(refusalText({ why: 'task_already_done', first_by: 'b.lee' })).toBe('Not done: the task was done already by b.lee.');
  });
});
