/** Events for tests, as small as they may be. */
import type { Alert, CameraHealth, EmergencyCall, Incident, Sighting } from '$schemas/events';

export const NOW = Date.parse('2026-01-15T18:30:00.000Z');
export const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();

const envelope = (secondsAgo: number) => ({
  event_id: `e-${secondsAgo}-${Math.round(secondsAgo * 7919)}`,
  occurred_at: at(secondsAgo),
  observed_at: at(secondsAgo),
  source: 'test/1',
  jurisdiction: 'default',
  synthetic: false,
});

export const alert = (alert_id: string, over: Partial<Alert> = {}): Alert => ({
  ...envelope(60),
  alert_id,
  rev: 1,
  rule: 'hotlist_hit',
  rule_version: 1,
  severity: 'P2',
  status: 'open',
  title: alert_id,
  subject_kind: 'plate',
  subject: 'ABC123',
  camera_id: null,
  incident_id: null,
  lat: 29.95,
  lon: -90.07,
  zones: [],
  raised_at: at(60),
  why: [],
  triggers: [],
  actions: [],
  changed_by: '',
  changed_at: null,
  note: '',
  checks: [],
  verdict: '',
  verified_by: '',
  ...over,
});

export const health = (status: string, secondsAgo: number, next_report_s: number | null = 10): CameraHealth => ({
  ...envelope(secondsAgo), camera_id: 'c', status, since: at(secondsAgo), fps: null, detail: '', next_report_s,
});

export const incident = (incident_id: string, over: Partial<Incident> = {}): Incident => ({
  ...envelope(60),
  incident_id,
  rev: 1,
  status: 'open',
  kind: 'ROBBERY',
  category: 'robbery',
  priority: 5,
  opened_at: at(60),
  closed_at: null,
  address: '',
  lat: 29.95,
  lon: -90.07,
  call_ids: [],
  zones: [],
  nearest_cameras: [],
  ...over,
});

export const call = (call_id: string, over: Partial<EmergencyCall> = {}): EmergencyCall => ({
  ...envelope(60),
  call_id,
  number: call_id,
  received_at: at(60),
  updated_at: at(60),
  kind: 'ROBBERY',
  kind_code: '',
  category: 'robbery',
  priority: 5,
  priority_raw: '',
  status: 'received',
  dispatched_at: null,
  arrived_at: null,
  closed_at: null,
  address: '',
  lat: 29.95,
  lon: -90.07,
  uncertainty_m: null,
  district: '',
  beat: '',
  disposition: '',
  ...over,
});

export const sighting = (secondsAgo: number, over: Partial<Sighting> = {}): Sighting => ({
  ...envelope(secondsAgo),
  event_id: `s-${secondsAgo}`,
  camera_id: 'c',
  plate: 'ABC123',
  plate_region: null,
  confidence: 0.9,
  lat: 29.95,
  lon: -90.07,
  heading_deg: null,
  zones: [],
  hits: [],
  attributes: [],
  incidents: [],
  is_preview: false,
  track_id: null,
  clock_skew_s: null,
  ...over,
});
