/** Files of an incident: what is said of each, and what was done with it. */
import type { Attachment, Incident } from '$schemas/events';
import { parseTime } from '../time';
import type { LogEntry } from './incident_room';
import { wholeOf } from './incident_work';

/** Those of an incident and of what was merged into it, oldest first. */
export function filesOf(files: Iterable<Attachment>, incidents: ReadonlyMap<string, Incident>, id: string): Attachment[] {
  const found: Attachment[] = [];
  for (const file of files) {
    const own = incidents.get(file.incident_id);
    if (own && (file.incident_id === id || wholeOf(incidents, own).incident_id === id)) found.push(file);
  }
  return found.sort((a, b) => parseTime(a.added_at) - parseTime(b.added_at));
}

const SCANS: Readonly<Record<string, string>> = {
  not_scanned: 'not scanned: no scanner is set up', waiting: 'waiting for the scanner', clean: 'scanned: nothing found',
  infected: 'HARMFUL: not given out',
};
export const scanText = ({ scan, finding }: Pick<Attachment, 'scan' | 'finding'>): string => `${SCANS[scan] ?? scan}${finding ? ` (${finding})` : ''}`;

export const sizeText = (bytes: number): string =>
  bytes < 1000 ? `${bytes} bytes` : bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

/** Whether it may be asked for: a server with a scanner still refuses one that was never scanned. */
export const isGiven = (file: Attachment): boolean => file.withdrawn_at === null && (file.scan === 'clean' || file.scan === 'not_scanned');

export function fileLog(files: readonly Attachment[]): LogEntry[] {
  return files
    .flatMap((file): LogEntry[] => {
      const added = { id: `file/${file.attachment_id}/added`, at: parseTime(file.added_at), by: file.added_by, text: `File added: ${file.name}`, isNote: false };
      if (file.withdrawn_at === null) return [added];
      return [added, { id: `file/${file.attachment_id}/withdrawn`, at: parseTime(file.withdrawn_at), by: file.withdrawn_by, text: `File withdrawn: ${file.name} (${file.reason})`, isNote: false }];
    })
    .sort((a, b) => a.at - b.at);
}
