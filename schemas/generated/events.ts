// Generated from schemas/ by `python -m schemas.generate`. Do not edit.
// Times are RFC 3339 strings in UTC, ids are UUID strings, bytes are base64 strings.

/** An immutable fact. Fields of the envelope (DESIGN §4). */
export interface Envelope {
  /** UUIDv5 of the source's own identity: a replay makes the same id. */
  readonly event_id: string;
  /** When it happened, by the source's clock (UTC). */
  readonly occurred_at: string;
  /** When our edge received it, by our clock (UTC). */
  readonly observed_at: string;
  /** Connector and instance that made the event, as connector/instance. */
  readonly source: string;
  /** Agency whose retention rules apply. */
  readonly jurisdiction: string;
  /** True when a simulator or a probe made the event; never counted in statistics. */
  readonly synthetic: boolean;
}

/** Another reading the reader thought possible. */
export interface PlateCandidate {
  /** Normalised plate text. */
  readonly plate: string;
  /** The reader's confidence in it, 0..1. */
  readonly confidence: number;
}

/** A plate read by one camera, as the reader reported it; nothing is known yet of what it means. */
export interface PlateRead extends Envelope {
  /** The camera, as the source names it. */
  readonly camera_id: string;
  /** Normalised: NFKC, upper case, letters and digits only. */
  readonly plate: string;
  /** The plate exactly as the source sent it. */
  readonly plate_raw: string;
  /** The reader's confidence in the plate, 0..1. */
  readonly confidence: number;
  /** State or country of the plate, ISO 3166 lower case (us-la), if read. */
  readonly plate_region: string | null;
  /** Confidence in the region, 0..1. */
  readonly region_confidence: number | null;
  /** Other readings, best first, without the chosen one. */
  readonly candidates: readonly PlateCandidate[];
  /** Where it was read: WGS 84 latitude, degrees. */
  readonly lat: number | null;
  /** Where it was read: WGS 84 longitude, degrees. */
  readonly lon: number | null;
  /** Direction of travel, degrees clockwise from north. */
  readonly heading_deg: number | null;
  /** Speed, km/h. */
  readonly speed_kmh: number | null;
  /** Make, lower case, if the reader tells. */
  readonly vehicle_make: string | null;
  /** Model, lower case. */
  readonly vehicle_model: string | null;
  /** Colour, lower case. */
  readonly vehicle_colour: string | null;
  /** Body type, lower case. */
  readonly vehicle_body: string | null;
  /** The reader is still looking: kept, but never raises an alert. */
  readonly is_preview: boolean;
  /** The reader says that the vehicle stands still. */
  readonly is_parked: boolean;
  /** Where the picture is; never the picture. */
  readonly image_ref: string | null;
  /** From then on the picture cannot be fetched at its source any more (UTC). */
  readonly image_expires_at: string | null;
  /** The read's id at its source. */
  readonly native_id: string | null;
  /** The reader's id of the vehicle while it is in view: reads of one source and camera that share it are one pass. */
  readonly track_id: string | null;
  /** The device's own running number of its messages, if it counts them. */
  readonly device_sequence: number | null;
}

/** One character that the reader may have taken for another, lost (`read` is empty) or added (`listed` is). */
export interface Substitution {
  /** Index in the plate, from 0. */
  readonly position: number;
  /** The character as read. */
  readonly read: string;
  /** The character on the list. */
  readonly listed: string;
  /** Cost of the substitution; 1 within a look-alike class. */
  readonly cost: number;
}

/** A match between a plate and a list entry, with all it takes to judge it. */
export interface Hit {
  /** The hotlist. */
  readonly list_id: string;
  /** The entry on it. */
  readonly entry_id: string;
  /** The plate as listed. */
  readonly listed_plate: string;
  /** exact, look_alike, candidate, pattern or edit. */
  readonly match: string;
  /** The reading that matched: the plate or one of the candidates. */
  readonly matched_plate: string;
  /** 0 for the plate itself, 1 for the first candidate ... */
  readonly candidate_rank: number;
  /** Characters that differ, each with its cost. */
  readonly substitutions: readonly Substitution[];
  /** same, other or unknown: plate's region against the entry's. */
  readonly region_relation: string;
  /** agree, differ or unknown: make, colour and body read against the entry's. */
  readonly attributes: string;
  /** What the entry is about: stolen_vehicle, wanted_person ... */
  readonly kind: string;
  /** Why the plate is listed. */
  readonly reason: string;
  /** P1..P4 as the entry asks. */
  readonly severity: string;
  /** How current the list was (UTC). */
  readonly list_as_of: string | null;
}

/** What the reader said of the vehicle beside what a matching entry says. */
export interface AttributeCheck {
  /** The hotlist. */
  readonly list_id: string;
  /** The entry on it. */
  readonly entry_id: string;
  /** make, colour or body. */
  readonly attribute: string;
  /** As the reader saw it. */
  readonly read: string;
  /** As the entry has it. */
  readonly listed: string;
  /** Whether the two are alike. */
  readonly agrees: boolean;
}

/** An active incident near a sighting in space and time. */
export interface NearIncident {
  /** The incident. */
  readonly incident_id: string;
  /** Its kind, as the source words it. */
  readonly kind: string;
  /** 0..10, 10 highest. */
  readonly priority: number | null;
  /** From the camera, metres. */
  readonly distance_m: number;
  /** Time from the incident's opening to the read, seconds. */
  readonly age_s: number;
}

/** A plate read with its context. One for each read, with the read's own `event_id`. */
export interface Sighting extends Envelope {
  /** The camera. */
  readonly camera_id: string;
  /** Normalised plate. */
  readonly plate: string;
  /** State or country of the plate. */
  readonly plate_region: string | null;
  /** The reader's confidence, 0..1. */
  readonly confidence: number;
  /** WGS 84 latitude: the read's, else the camera's. */
  readonly lat: number | null;
  /** WGS 84 longitude. */
  readonly lon: number | null;
  /** Direction of travel, degrees from north. */
  readonly heading_deg: number | null;
  /** Ids of the zones it lies in. */
  readonly zones: readonly string[];
  /** List entries it matches, best first. */
  readonly hits: readonly Hit[];
  /** Make, colour and body read against those of the entries hit. */
  readonly attributes: readonly AttributeCheck[];
  /** Active incidents near it, nearest first. */
  readonly incidents: readonly NearIncident[];
  /** From a read that was not final. */
  readonly is_preview: boolean;
  /** The reader's id of the vehicle while it is in view. */
  readonly track_id: string | null;
  /** How far the camera's clock seems to be ahead of ours, seconds; none: not known, or within 2 s. */
  readonly clock_skew_s: number | null;
}

/** A camera or plate reader: where it is and what it is. Each event is the camera's whole state. */
export interface Camera extends Envelope {
  /** Its id; plate reads and health name it by this. */
  readonly camera_id: string;
  /** What people call it. */
  readonly name: string;
  /** WGS 84 latitude, degrees. */
  readonly lat: number;
  /** WGS 84 longitude, degrees. */
  readonly lon: number;
  /** video, lpr or mobile_lpr. */
  readonly kind: string;
  /** Where it looks, degrees clockwise from north. */
  readonly heading_deg: number | null;
  /** Who runs it. */
  readonly owner: string;
  /** True when the camera is no longer part of the estate. */
  readonly removed: boolean;
}

/** Something a camera saw (motion, an object, tampering), as metadata; never frames of video. */
export interface CameraObservation extends Envelope {
  /** The camera. */
  readonly camera_id: string;
  /** motion, object or tamper. */
  readonly kind: string;
  /** True when it begins or goes on, false when it has ended. */
  readonly active: boolean;
  /** Class of object, if one is known. */
  readonly label: string;
  /** Confidence, 0..1, if the source tells. */
  readonly confidence: number | null;
  /** Share of the picture concerned, 0..1. */
  readonly share: number | null;
  /** WGS 84 latitude of the camera, degrees. */
  readonly lat: number | null;
  /** WGS 84 longitude of the camera, degrees. */
  readonly lon: number | null;
}

/** How a camera is doing. Each event is its whole state; sources repeat it while nothing changes. */
export interface CameraHealth extends Envelope {
  /** The camera. */
  readonly camera_id: string;
  /** ok, degraded, no_signal, frozen, black, blurred, offline or unknown. */
  readonly status: string;
  /** When this status began (UTC). */
  readonly since: string;
  /** Pictures a second. */
  readonly fps: number | null;
  /** What the watcher saw, in words. */
  readonly detail: string;
  /** The source promises the next report within this many seconds; silence beyond is a fault. */
  readonly next_report_s: number | null;
}

/** A 911 or CAD call. Each event is the call's whole state as its source last described it. */
export interface EmergencyCall extends Envelope {
  /** The call's id at its source, as source:number. */
  readonly call_id: string;
  /** The number people quote (item or incident number). */
  readonly number: string;
  /** When the call was received (UTC). Never changes. */
  readonly received_at: string;
  /** The newest time in this state (UTC): the newest state wins. */
  readonly updated_at: string;
  /** What it is about, in the source's words. */
  readonly kind: string;
  /** The source's code for it. */
  readonly kind_code: string;
  /** What it is about, in the common vocabulary. */
  readonly category: string;
  /** 0..10, 10 highest (as in NENA EIDO). */
  readonly priority: number | null;
  /** The source's own priority. */
  readonly priority_raw: string;
  /** received, dispatched, on_scene, closed, cancelled or unknown. */
  readonly status: string;
  /** When a unit was sent (UTC). */
  readonly dispatched_at: string | null;
  /** When the first unit arrived (UTC). */
  readonly arrived_at: string | null;
  /** When the call was closed (UTC). */
  readonly closed_at: string | null;
  /** Where, in words. */
  readonly address: string;
  /** WGS 84 latitude, degrees; none when the place is not known. */
  readonly lat: number | null;
  /** WGS 84 longitude, degrees. */
  readonly lon: number | null;
  /** Radius the place may be off by, metres. */
  readonly uncertainty_m: number | null;
  /** Police district. */
  readonly district: string;
  /** Beat or patrol area. */
  readonly beat: string;
  /** How it ended, in the source's words. */
  readonly disposition: string;
}

/** A camera near an incident. */
export interface NearCamera {
  /** The camera. */
  readonly camera_id: string;
  /** Straight line, metres. */
  readonly distance_m: number;
}

/** A human-managed case. Each event is its whole state; the highest `rev` is newest. */
export interface Incident extends Envelope {
  /** Its id: UUIDv5 of the call that opened it. */
  readonly incident_id: string;
  /** Greater is newer: the newest time in the call's state, epoch ms. */
  readonly rev: number;
  /** open or closed. */
  readonly status: string;
  /** What it is about, in the source's words. */
  readonly kind: string;
  /** In the common vocabulary. */
  readonly category: string;
  /** 0..10, 10 highest. */
  readonly priority: number | null;
  /** When its first call was received (UTC). Never changes. */
  readonly opened_at: string;
  /** When it was closed (UTC). */
  readonly closed_at: string | null;
  /** Where, in words. */
  readonly address: string;
  /** WGS 84 latitude, degrees. */
  readonly lat: number | null;
  /** WGS 84 longitude, degrees. */
  readonly lon: number | null;
  /** The calls in it. */
  readonly call_ids: readonly string[];
  /** Ids of the zones it lies in. */
  readonly zones: readonly string[];
  /** Up to five, nearest first. */
  readonly nearest_cameras: readonly NearCamera[];
}

/** The manifest of one version of a list. Readers swap it in only when every chunk it names has arrived. */
export interface Hotlist extends Envelope {
  /** The list. */
  readonly list_id: string;
  /** This version; greater text is newer. */
  readonly version: string;
  /** What people call it. */
  readonly title: string;
  /** Who answers for it. */
  readonly owner: string;
  /** How current the list is by its owner's clock (UTC). */
  readonly as_of: string;
  /** Entries in it. */
  readonly entry_count: number;
  /** Chunks the entries were sent in, numbered from 0. */
  readonly chunk_count: number;
  /** SHA-256, hex, over the entries' JSON in order of their ids (schemas/hotlist_checksum.py). */
  readonly checksum: string;
  /** The version that this one changes; empty: it is the whole list. */
  readonly base_version: string;
  /** What counts as a match: exact, look_alike, or edit (one character lost, added or other); empty: look_alike. */
  readonly tolerance: string;
  /** Age from which the list counts as stale, seconds; none: never. */
  readonly max_age_s: number | null;
  /** IANA time zone of schedules; empty: UTC. */
  readonly time_zone: string;
}

/** One wanted plate on one version of a list. In force only while that version is the list's newest complete one. */
export interface HotlistEntry extends Envelope {
  /** The list. */
  readonly list_id: string;
  /** The version it belongs to. */
  readonly list_version: string;
  /** The chunk it was sent in, from 0. */
  readonly chunk: number;
  /** Its id on the list. */
  readonly entry_id: string;
  /** Normalised plate; in a pattern ? stands for one character and * for any number. */
  readonly plate: string;
  /** State or country, lower case (us-la); none matches any. */
  readonly plate_region: string | null;
  /** stolen_vehicle, stolen_plate, wanted_person, missing_person, ... */
  readonly kind: string;
  /** P1..P4 of the alerts it raises. */
  readonly severity: string;
  /** Why it is listed. */
  readonly reason: string;
  /** The case it belongs to. */
  readonly case_number: string;
  /** Make, lower case. */
  readonly vehicle_make: string | null;
  /** Model, lower case. */
  readonly vehicle_model: string | null;
  /** Colour, lower case. */
  readonly vehicle_colour: string | null;
  /** No alert from then on (UTC). */
  readonly expires_at: string | null;
  /** Body type, lower case. */
  readonly vehicle_body: string | null;
  /** When it alerts, as mon-fri 07:00-19:00; sat 22:00-04:00; empty: always. */
  readonly schedule: string;
  /** Who may see its alerts: empty for all, else restricted. */
  readonly audience: string;
  /** In a delta: the entry of this id is no longer on the list. */
  readonly is_removed: boolean;
}

/**
 * An entry withdrawn, or reinstated. Of one listing, the latest `changed_at` holds, whatever versions of the list
 * say: a stale extract that is loaded later does not bring a withdrawn entry back.
 */
export interface HotlistWithdrawal extends Envelope {
  /** list_id/entry_id: the listing it is about. */
  readonly listing_id: string;
  /** The list. */
  readonly list_id: string;
  /** The entry on it. */
  readonly entry_id: string;
  /** True: no alert from now on; False: in force again. */
  readonly is_withdrawn: boolean;
  /** When it was withdrawn or reinstated (UTC). */
  readonly changed_at: string;
  /** Who did it. */
  readonly changed_by: string;
  /** Why. */
  readonly reason: string;
}

/** A named area. Each event is its whole state. */
export interface Zone extends Envelope {
  /** Its id. */
  readonly zone_id: string;
  /** What people call it. */
  readonly name: string;
  /** police_district, neighbourhood, school, named ... */
  readonly kind: string;
  /** GeoJSON MultiPolygon coordinates: longitude, latitude, degrees; first ring outer, others holes. */
  readonly polygons: readonly (readonly (readonly (readonly [number, number])[])[])[];
  /** True when a grave call in it or near it raises an alert (always so for schools). */
  readonly watched: boolean;
  /** True when the zone is no longer in use. */
  readonly removed: boolean;
}

/** One reason for an alert: a sentence for people, and the facts behind it for machines. */
export interface Evidence {
  /** list_entry, match, region, read, incident, zone, call, camera ... */
  readonly kind: string;
  /** The reason in a plain sentence. */
  readonly text: string;
  /** The values behind the sentence, as text. */
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Something that needs a person. Each event is its whole state; the highest `rev` is newest.
 *
 * `occurred_at` is the camera's or caller's clock, `observed_at` our edge's, `raised_at` the rule's:
 * the differences are the latencies shown beside the alert.
 */
export interface Alert extends Envelope {
  /** UUIDv5 of rule, version and what triggered it: the same cause, the same id. */
  readonly alert_id: string;
  /** Revision, from 1. */
  readonly rev: number;
  /** The rule that raised it. */
  readonly rule: string;
  /** That rule's version. */
  readonly rule_version: number;
  /** P1 (a life, now) .. P4 (to know). */
  readonly severity: string;
  /** open, acknowledged, dispatched, closed or recalled. */
  readonly status: string;
  /** What it says, in one line. */
  readonly title: string;
  /** plate, call or camera. */
  readonly subject_kind: string;
  /** The plate, call id or camera id it is about. */
  readonly subject: string;
  /** The camera concerned. */
  readonly camera_id: string | null;
  /** The incident concerned. */
  readonly incident_id: string | null;
  /** WGS 84 latitude, degrees. */
  readonly lat: number | null;
  /** WGS 84 longitude, degrees. */
  readonly lon: number | null;
  /** Ids of the zones it lies in. */
  readonly zones: readonly string[];
  /** When the rule raised it, by the processor's clock (UTC). */
  readonly raised_at: string;
  /** The reasons, most important first. Never empty. */
  readonly why: readonly Evidence[];
  /** event_ids of the events that caused it. */
  readonly triggers: readonly string[];
  /** event_ids of the actions that led to this revision, in order. */
  readonly actions: readonly string[];
  /** Who made this revision; empty for the rule. */
  readonly changed_by: string;
  /** When this revision was made (UTC). */
  readonly changed_at: string | null;
  /** What the person wrote. */
  readonly note: string;
  /** What one person looked at and found right: plate, state, record. */
  readonly checks: readonly string[];
  /** What a person found: correct, misread ...; empty: not said yet. */
  readonly verdict: string;
  /** Who said so. */
  readonly verified_by: string;
}

/** Something a person did. `event_id` comes from the client's idempotency key, so a retry is the same action. */
export interface Action extends Envelope {
  /** alert.acknowledge, dispatch, close, reopen, check, judge, or recall by the processors. */
  readonly name: string;
  /** What it was done to: an alert_id. */
  readonly subject_id: string;
  /** Who did it. */
  readonly actor: string;
  /** What they wrote. */
  readonly note: string;
  /** What they looked at and found right: plate, state, record. */
  readonly checks: readonly string[];
  /** What they found: correct, wrong_state, misread, list_wrong or other; empty: not said. */
  readonly verdict: string;
}

/** Refused with a reason; the original bytes are here, so that it can be given back. */
export interface DeadLetter extends Envelope {
  /** Short code: not_json, invalid_field, rule_failed, unknown_alert ... */
  readonly reason: string;
  /** Where: decode, translate, or a processor's name. */
  readonly step: string;
  /** What was wrong, naming the field; never a plate or a name. */
  readonly error: string;
  /** Topic it came from and is replayed to; for the edge, the topic it was meant for. */
  readonly topic: string;
  /** Partition, -1 at the edge. */
  readonly partition: number;
  /** Offset of the frame, -1 at the edge. */
  readonly offset: number;
  /** Place in the frame, -1 when the whole frame is meant. */
  readonly index: number;
  /** The message's key, base64. */
  readonly key: string;
  /** The original bytes, base64. */
  readonly original: string;
  /** The message's headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Version of Watchfloor that refused it. */
  readonly code_version: string;
}

/**
 * Events of one type, source and minute that a process was told are durable, since it last said so.
 *
 * Increments: the sum over all of a bucket's counts is the bucket. The id comes from the run of the process and a
 * running number, so that a report sent twice counts once.
 */
export interface LedgerCount extends Envelope {
  /** The run of the process that counts: its name and a random part. */
  readonly process: string;
  /** Running number of this count in that run, from 0. */
  readonly number: number;
  /** Where it was counted: accepted. */
  readonly hop: string;
  /** Type of the events counted. */
  readonly counted_type: string;
  /** Their source. */
  readonly counted_source: string;
  /** Beginning of the minute of their observed_at (UTC). */
  readonly minute: string;
  /** How many; an event that was sent twice counts twice. */
  readonly count: number;
  /** Sum modulo 2^64 of the low 64 bits of their ids, hexadecimal. */
  readonly digest: string;
  /** The device that numbers its events, where the vendor's events have a number. */
  readonly device: string | null;
  /** Lowest of the device's numbers among them. */
  readonly first_sequence: number | null;
  /** Highest of the device's numbers among them. */
  readonly last_sequence: number | null;
}

/**
 * What the processors make of a canary read in place of a sighting. It has the read's `event_id`.
 *
 * Kept apart from reads and sightings, so that it is in no count, list, map or alert.
 */
export interface Canary extends Envelope {
  /** The made-up plate: WFCANARY and eight hexadecimal digits. */
  readonly plate: string;
  /** When the processor had it, by its clock (UTC). */
  readonly processed_at: string;
}

/** The interface of each event type, by its name. */
export interface EventByType {
  readonly plate_read: PlateRead;
  readonly sighting: Sighting;
  readonly camera: Camera;
  readonly camera_observation: CameraObservation;
  readonly camera_health: CameraHealth;
  readonly emergency_call: EmergencyCall;
  readonly incident: Incident;
  readonly hotlist: Hotlist;
  readonly hotlist_entry: HotlistEntry;
  readonly hotlist_withdrawal: HotlistWithdrawal;
  readonly zone: Zone;
  readonly alert: Alert;
  readonly action: Action;
  readonly dead_letter: DeadLetter;
  readonly ledger_count: LedgerCount;
  readonly canary: Canary;
}

export type EventTypeName = keyof EventByType;

/** What the registry knows of each event type: its topic, the field that keys it, how the hub sends it
 *  (lossless, latest, flow or none) and, for states, the field whose greatest value is newest. */
export const EVENT_TYPES = {
  plate_read: { topic: "rtcc.lpr.plate-read.v1", key: "plate", push: "none", version: null },
  sighting: { topic: "rtcc.lpr.sighting.v1", key: "plate", push: "flow", version: null },
  camera: { topic: "rtcc.camera.camera.v1", key: "camera_id", push: "latest", version: "observed_at" },
  camera_observation: { topic: "rtcc.camera.observation.v1", key: "camera_id", push: "none", version: null },
  camera_health: { topic: "rtcc.camera.health.v1", key: "camera_id", push: "latest", version: "occurred_at" },
  emergency_call: { topic: "rtcc.call.emergency-call.v1", key: "call_id", push: "lossless", version: "updated_at" },
  incident: { topic: "rtcc.incident.incident.v1", key: "incident_id", push: "lossless", version: "rev" },
  hotlist: { topic: "rtcc.lpr.hotlist.v1", key: "list_id", push: "latest", version: "version" },
  hotlist_entry: { topic: "rtcc.lpr.hotlist-entry.v1", key: "list_id", push: "none", version: null },
  hotlist_withdrawal: { topic: "rtcc.lpr.hotlist-withdrawal.v1", key: "listing_id", push: "none", version: "changed_at" },
  zone: { topic: "rtcc.place.zone.v1", key: "zone_id", push: "latest", version: "observed_at" },
  alert: { topic: "rtcc.alert.alert.v1", key: "alert_id", push: "lossless", version: "rev" },
  action: { topic: "rtcc.person.action.v1", key: "subject_id", push: "none", version: null },
  dead_letter: { topic: "rtcc.stream.dead-letter.v1", key: "event_id", push: "none", version: null },
  ledger_count: { topic: "rtcc.ledger.count.v1", key: "process", push: "none", version: null },
  canary: { topic: "rtcc.operations.canary.v1", key: "source", push: "latest", version: "occurred_at" },
} as const satisfies Record<EventTypeName, object>;

export const ALERT_SEVERITIES = ["P1", "P2", "P3", "P4"] as const;

export const ALERT_STATUSES = ["open", "acknowledged", "dispatched", "closed", "recalled"] as const;

export const ACTIVE_ALERT_STATUSES = ["open", "acknowledged", "dispatched"] as const;

export const ALERT_ACTIONS = {"alert.acknowledge": "acknowledged", "alert.dispatch": "dispatched", "alert.close": "closed", "alert.reopen": "open"} as const;

export const ALERT_CHECKS = ["plate", "state", "record"] as const;

export const ALERT_VERDICTS = ["correct", "wrong_state", "misread", "list_wrong", "other"] as const;

export const CALL_CATEGORIES = ["shooting", "stabbing", "homicide", "robbery", "carjacking", "sexual_assault", "kidnapping", "assault", "weapon", "domestic", "burglary", "theft", "vehicle_theft", "traffic", "medical", "fire", "missing_person", "disturbance", "suspicious", "alarm", "drugs", "property_damage", "welfare", "other"] as const;

export const GRAVE_CATEGORIES = ["carjacking", "homicide", "kidnapping", "robbery", "sexual_assault", "shooting", "stabbing", "weapon"] as const;

export const CALL_STATUSES = ["received", "dispatched", "on_scene", "closed", "cancelled", "unknown"] as const;

export const CAMERA_STATUSES = ["ok", "degraded", "no_signal", "frozen", "black", "blurred", "offline", "unknown"] as const;

export const STOPPED_CAMERA_STATUSES = ["black", "frozen", "no_signal", "offline"] as const;
