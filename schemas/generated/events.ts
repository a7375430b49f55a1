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

/** What was read of the same vehicle before. */
export interface EarlierReading {
  /** That read. */
  readonly event_id: string;
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
  /** What the same reader read of this vehicle before, as the edge saw it, oldest first, the last 15; none: nothing else, or without a track_id. */
  readonly earlier: readonly EarlierReading[];
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
  /** exact, look_alike, candidate, pattern, vote or edit. */
  readonly match: string;
  /** The reading that matched: the plate, a candidate, or the vote. */
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
  /** The reader says that the vehicle stands still. */
  readonly is_parked: boolean;
  /** What this camera reads there is known to be no plate: kept, raises no ordinary alert. */
  readonly is_noise: boolean;
  /** Readings of this vehicle while in view that led to a hit by vote, in the order they came. */
  readonly variants: readonly PlateCandidate[];
  /** Who may see each hit, in the order of hits: empty for all, else audiences, commas between. None: all may. */
  readonly audiences: readonly string[];
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

/** One place that a source told of a call. All are kept, each with its source and time; none replaces another. */
export interface CallLocation {
  /** caller, incident, initial_incident, tower, routing, staging, unit, other. */
  readonly role: string;
  /** WGS 84 latitude of a point that lies in it; none for areas. */
  readonly lat: number | null;
  /** WGS 84 longitude of that point. */
  readonly lon: number | null;
  /** Radius of a circle, metres. */
  readonly uncertainty_m: number | null;
  /** How sure it lies within, 0..1 (RFC 7459). */
  readonly confidence: number | null;
  /** Its area as a GeoJSON geometry; empty: a point. */
  readonly shape: string;
  /** Where, in words. */
  readonly address: string;
  /** How it was found, in the source's words: GPS, Cell, Wireless ... */
  readonly method: string;
  /** When it was found (UTC). */
  readonly at: string | null;
  /** Its owner lets it be kept until then (UTC; RFC 4119). */
  readonly keep_until: string | null;
  /** Whether its owner lets it be handed on (RFC 4119). */
  readonly may_share: boolean;
}

/** What somebody wrote about a call. Text, never markup. */
export interface CallNote {
  /** Plain text; a longer one is cut, its document is whole. */
  readonly text: string;
  /** When (UTC). */
  readonly at: string | null;
  /** Who. */
  readonly author: string;
}

/** A unit that was sent to a call. */
export interface CallUnit {
  /** The unit. */
  readonly unit_id: string;
  /** In the source's words. */
  readonly status: string;
  /** When it was sent (UTC). */
  readonly dispatched_at: string | null;
  /** When it set out (UTC). */
  readonly en_route_at: string | null;
  /** When it arrived (UTC). */
  readonly arrived_at: string | null;
  /** When it was free again (UTC). */
  readonly cleared_at: string | null;
}

/** A vehicle that a call speaks of. */
export interface CallVehicle {
  /** suspect, victim, involved, accident, witness, response or other. */
  readonly relation: string;
  /** Normalised plate; empty: not known. */
  readonly plate: string;
  /** State or country of the plate (us-la). */
  readonly plate_region: string | null;
  /** Make, model, colour and what else was said. */
  readonly description: string;
}

/** What a call has to do with another, or its incident with another of its source. */
export interface CallLink {
  /** merged_into, merged_from, split_into, split_from or linked. */
  readonly relation: string;
  /** The other call; empty: an incident is named. */
  readonly call_id: string;
  /** The other incident, as its source names it; empty: a call is named. */
  readonly incident_ref: string;
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
  /** voice, text, online, alarm, silent, abandoned, test or other. */
  readonly contact: string;
  /** The source's incident: calls that share it are one. Empty: not told. */
  readonly incident_ref: string;
  /** Number to call back: + and digits where it is one, else as given. */
  readonly callback_number: string;
  /** The caller's number was not shown to us. */
  readonly is_number_withheld: boolean;
  /** Class of service as ALI tells it: RESD, WPH2, VOIP ... */
  readonly service_class: string;
  /** When it rang at the centre (UTC). */
  readonly presented_at: string | null;
  /** When somebody answered (UTC). */
  readonly answered_at: string | null;
  /** When the line was closed (UTC). */
  readonly ended_at: string | null;
  /** Who has it in hand now; empty: nobody. */
  readonly owner: string;
  /** When it was given to another position (UTC). */
  readonly handed_over_at: string | null;
  /** All places told of it, newest first. */
  readonly locations: readonly CallLocation[];
  /** What was written about it, oldest first. */
  readonly notes: readonly CallNote[];
  /** Units sent to it. */
  readonly units: readonly CallUnit[];
  /** Vehicles it speaks of. */
  readonly vehicles: readonly CallVehicle[];
  /** Other calls it was merged or linked with. */
  readonly links: readonly CallLink[];
  /** The source's whole document (source_document), if it is kept. */
  readonly document_id: string;
}

/**
 * One part of a document. What we do not understand of it must still be there when it is handed on
 * (NENA-STA-021: support of a member means to preserve it), so it is kept beside the call made of it.
 */
export interface SourceDocument extends Envelope {
  /** SHA-256 of the whole text in UTF-8, hexadecimal. */
  readonly document_id: string;
  /** Which part this is, from 0. */
  readonly part: number;
  /** How many there are. */
  readonly parts: number;
  /** Its media type: application/json ... */
  readonly media_type: string;
  /** The call it describes: a call_id. */
  readonly about: string;
  /** The part's text. */
  readonly text: string;
}

/** A person in a record. Each event is the whole of what the source says; the newest `updated_at` wins. */
export interface Person extends Envelope {
  /** The record's person at its source, as source:number. */
  readonly person_id: string;
  /** When the source last changed it (UTC): the newest wins. */
  readonly updated_at: string;
  /** caller, victim, suspect, witness, missing, resident, patient ... other. */
  readonly role: string;
  /** The name as the source writes it. */
  readonly full_name: string;
  /** First name, if it is told apart. */
  readonly given_name: string;
  /** Other first names. */
  readonly middle_name: string;
  /** Family name, if it is told apart. */
  readonly family_name: string;
  /** Other names they go by. */
  readonly aliases: readonly string[];
  /** YYYY-MM-DD, YYYY-MM or YYYY as far as it is known; empty: not. */
  readonly birth_date: string;
  /** In the source's words. */
  readonly sex: string;
  /** Numbers: + and digits where they are one, else as given. */
  readonly phones: readonly string[];
  /** Where they live or were, in words. */
  readonly address: string;
  /** WGS 84 latitude of the address, degrees. */
  readonly lat: number | null;
  /** WGS 84 longitude, degrees. */
  readonly lon: number | null;
  /** The call that names them; empty: none. */
  readonly call_id: string;
  /** The source took the record back. */
  readonly is_removed: boolean;
}

/** A marker's whole state; the newest `changed_at` holds. One past `expires_at` is history, never live. */
export interface Marker extends Envelope {
  /** Its id, as source:number. */
  readonly marker_id: string;
  /** When it was made or changed (UTC). */
  readonly changed_at: string;
  /** Who did it. */
  readonly changed_by: string;
  /** warning or vulnerability. */
  readonly category: string;
  /** weapons, violence, dog, infection, dementia, repeat_victim ... */
  readonly kind: string;
  /** place, phone or person. */
  readonly subject_kind: string;
  /** The address, number or person_id. */
  readonly subject: string;
  /** WGS 84 latitude of the place, degrees. */
  readonly lat: number | null;
  /** WGS 84 longitude, degrees. */
  readonly lon: number | null;
  /** What to know. */
  readonly text: string;
  /** Where it comes from: a report, an officer. */
  readonly origin: string;
  /** When somebody must look at it again (UTC). There is no marker without. */
  readonly review_at: string;
  /** From then on it is not shown as live (UTC). */
  readonly expires_at: string;
  /** Taken back. */
  readonly is_removed: boolean;
}

/** A camera near an incident. */
export interface NearCamera {
  /** The camera. */
  readonly camera_id: string;
  /** Straight line, metres. */
  readonly distance_m: number;
}

/** What an incident keeps of one of its calls: enough to carry on from the log alone. No number and no name. */
export interface IncidentCall {
  /** The call. */
  readonly call_id: string;
  /** The incident that this call opened by itself; it may be merged. */
  readonly incident_id: string;
  /** event_id of the newest state of the call. */
  readonly state_id: string;
  /** event_id of the newest state that told something new. */
  readonly told_id: string;
  /** Of what the call tells: another one is new information. */
  readonly digest: string;
  /** Who sent it. */
  readonly source: string;
  /** When the call was received (UTC). */
  readonly received_at: string;
  /** The newest time in its state (UTC). */
  readonly updated_at: string;
  /** When its first state reached our edge (UTC). */
  readonly observed_at: string;
  /** The call's status. */
  readonly status: string;
  /** What it is about, in the source's words. */
  readonly kind: string;
  /** In the common vocabulary. */
  readonly category: string;
  /** 0..10, 10 highest. */
  readonly priority: number | null;
  /** Each priority it had, oldest first: time, priority and the source's word. */
  readonly priorities: readonly string[];
  /** Where, in words. */
  readonly address: string;
  /** WGS 84 latitude, degrees. */
  readonly lat: number | null;
  /** WGS 84 longitude, degrees. */
  readonly lon: number | null;
  /** Radius the place may be off by, metres. */
  readonly uncertainty_m: number | null;
  /** The source's incident; empty: not told. */
  readonly incident_ref: string;
  /** voice, text, online ... test. */
  readonly contact: string;
  /** Who has the call in hand; empty: nobody. */
  readonly owner: string;
  /** When it was given to another position (UTC). */
  readonly handed_over_at: string | null;
  /** How it ended, in the source's words. */
  readonly disposition: string;
  /** Ids of the units on it that are not clear again. */
  readonly units: readonly string[];
  /** Why it is in this incident; empty: it opened it. */
  readonly why: string;
}

/** An action that came too late or did not fit: whoever did it is told by the incident itself. */
export interface RefusedAction {
  /** event_id of the action. */
  readonly action_id: string;
  /** What was to be done. */
  readonly name: string;
  /** Who wanted it. */
  readonly actor: string;
  /** Why it was not done, as a word. */
  readonly why: string;
  /** Who was first, where that is why. */
  readonly first_by: string;
  /** When it was wanted (UTC). */
  readonly at: string;
}

/** Something to do at an incident: of a checklist for its kind, or somebody's own. */
export interface IncidentTask {
  /** CHECKLIST/KEY of an entry of a checklist, else the id of the action. */
  readonly task_id: string;
  /** What is to be done. */
  readonly text: string;
  /** Who asks for it; empty: whoever added it. */
  readonly source: string;
  /** Who put it there. */
  readonly added_by: string;
  /** When (UTC). */
  readonly added_at: string;
  /** Whose it is; empty: nobody's. */
  readonly assignee: string;
  /** open, done or not_needed. */
  readonly state: string;
  /** Why it is not needed, or what whoever did it wrote. */
  readonly note: string;
  /** Who changed it last. */
  readonly changed_by: string;
  /** When (UTC). */
  readonly changed_at: string;
  /** The incident's revision in which it was changed last. */
  readonly rev: number;
}

/**
 * A human-managed case. Each event is its whole state; the highest `rev` is newest.
 *
 * Every call opens one. One that is merged (by a person, or by itself as it is about the same event) keeps its own
 * state, calls and id, and names the one it is part of; so a merge can be undone with everything intact.
 */
export interface Incident extends Envelope {
  /** Its id: UUIDv5 of the call that opened it. */
  readonly incident_id: string;
  /** Greater is newer. */
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
  /** opened, assigned, en_route, on_scene, reopened, split, closed, cancelled or merged; empty: only its status is known. */
  readonly stage: string;
  /** Who has it in hand; empty: nobody. */
  readonly owner: string;
  /** Ids of the units on it. */
  readonly units: readonly string[];
  /** The incident it is part of since a merge. */
  readonly merged_into: string | null;
  /** The incident it was taken out of. */
  readonly split_from: string | null;
  /** Incidents that have to do with it. */
  readonly linked: readonly string[];
  /** Its grade by the newest assessment; empty: not assessed. */
  readonly grade: string;
  /** event_ids of the actions done or refused so far, oldest first; the last 500. */
  readonly actions: readonly string[];
  /** Who changed it last; empty: only its calls did. */
  readonly changed_by: string;
  /** When a person changed it last (UTC). */
  readonly changed_at: string | null;
  /** What they wrote, or why it was joined. */
  readonly note: string;
  /** Its calls: first the one that opened it, then the newest, up to 50. */
  readonly calls: readonly IncidentCall[];
  /** Who set the stage; empty: its calls did. */
  readonly stage_by: string;
  /** Its stage when it was merged, for the way back. */
  readonly stage_before: string;
  /** The revision a person made last; 0: none. */
  readonly person_rev: number;
  /** Ids of the units that people sent from here. */
  readonly assigned_units: readonly string[];
  /** A person took it out: it is never joined by itself again. */
  readonly is_apart: boolean;
  /** The last ten actions that were refused. */
  readonly refused: readonly RefusedAction[];
  /** Number of its crime record or missing-person entry; empty: none. */
  readonly record_number: string;
  /** Version of the newest assessment; 0: none. */
  readonly assessment_version: number;
  /** told_ids of the call states that the newest assessment knew. */
  readonly assessed: readonly string[];
  /** Something was told since the newest assessment. */
  readonly needs_assessment: boolean;
  /** What is to be done, in the order it was added. */
  readonly tasks: readonly IncidentTask[];
}

/** Something a person did. `event_id` comes from the client's idempotency key, so a retry is the same action. */
export interface Action extends Envelope {
  /** alert.acknowledge, dispatch, close, reopen, check, judge, shelve, unshelve, assign, note, undo, escalate, or recall by the processors; noise.declare or undo; what is done to an incident; search.name, contact, plate, company, sql or counts; export.plate or audit; view.audit, replay or attachment; map.add or remove; access.signed_in and others of accounts; notify.delivered, given_up and others of who was told outside. */
  readonly name: string;
  /** What it was done to: an alert_id, a noise_id, an incident_id, a map layer, account:NAME, destination:NAME, or the search itself. */
  readonly subject_id: string;
  /** Who did it. */
  readonly actor: string;
  /** What they wrote. */
  readonly note: string;
  /** What they looked at and found right: plate, state, record. */
  readonly checks: readonly string[];
  /** What they found: correct, wrong_state, misread, list_wrong or other; empty: not said. */
  readonly verdict: string;
  /** What else the act says, by name. */
  readonly details: Readonly<Record<string, string>>;
  /** With misread: the normalised plate that the picture shows; empty: not said. */
  readonly true_plate: string;
}

/** A call's state or a person's action. All of one jurisdiction come in one order to one writer (ADR 14). */
export interface IncidentInput extends Envelope {
  /** The jurisdiction: all that has this key goes to one writer. */
  readonly desk: string;
  /** A call's state; none for an action. */
  readonly call: EmergencyCall | null;
  /** What a person did; none for a call. */
  readonly action: Action | null;
}

/**
 * One version of threat, harm, risk, investigation, vulnerability and engagement (THRIVE), with the grade it leads
 * to. A grade is changed by a new version only, which says why; nothing is written over.
 */
export interface Assessment extends Envelope {
  /** The incident it is about. */
  readonly incident_id: string;
  /** From 1, without gaps. */
  readonly version: number;
  /** When (UTC). */
  readonly made_at: string;
  /** Who. */
  readonly made_by: string;
  /** immediate, priority, scheduled, resolution or no_attendance. */
  readonly grade: string;
  /** What leads to the grade. */
  readonly why: string;
  /** Threat. */
  readonly threat: string;
  /** Harm. */
  readonly harm: string;
  /** Risk. */
  readonly risk: string;
  /** Investigation. */
  readonly investigation: string;
  /** Vulnerability. */
  readonly vulnerability: string;
  /** Engagement. */
  readonly engagement: string;
  /** When repeat calling was looked at (UTC). */
  readonly repeat_checked_at: string | null;
  /** When vulnerability was looked at (UTC). */
  readonly vulnerability_checked_at: string | null;
  /** When crime prevention was advised (UTC). */
  readonly prevention_advised_at: string | null;
  /** When keeping evidence was advised (UTC). */
  readonly evidence_advised_at: string | null;
  /** event_ids of the call states known then: later ones ask for a new version. */
  readonly known: readonly string[];
}

/** Something drawn for an incident. Each event is its whole state; the highest `rev` is newest. */
export interface Drawing extends Envelope {
  /** Its id: UUIDv5 of the action that drew it. */
  readonly drawing_id: string;
  /** The incident it was drawn for; it stays so when that is merged. */
  readonly incident_id: string;
  /** Greater is newer. */
  readonly rev: number;
  /** perimeter, hot_zone, warm_zone, cold_zone, staging, command_post, route or note. */
  readonly kind: string;
  /** polygon, line or point. */
  readonly shape: string;
  /** Longitude, latitude, degrees (WGS 84); of a polygon its one ring, the last as the first. */
  readonly corners: readonly (readonly [number, number])[];
  /** What it is called; of a note its text. */
  readonly label: string;
  /** Where its incident is, degrees: this decides who sees it. */
  readonly lat: number | null;
  /** WGS 84 longitude of its incident, degrees. */
  readonly lon: number | null;
  /** Who drew it. */
  readonly drawn_by: string;
  /** When (UTC). Never changes. */
  readonly drawn_at: string;
  /** Who changed, removed or restored it last. */
  readonly changed_by: string;
  /** When (UTC). */
  readonly changed_at: string;
  /** True when it is no longer shown. */
  readonly removed: boolean;
}

/**
 * A file of an incident. Each event is its whole state; the highest `rev` is newest.
 *
 * The bytes are never in the log: they are kept in a folder under `sha256` (FIPS 180-4).
 */
export interface Attachment extends Envelope {
  /** Its id: UUIDv5 of its incident and of its SHA-256. */
  readonly attachment_id: string;
  /** Greater is newer. */
  readonly rev: number;
  /** The incident it was put to; it stays so when that is merged. */
  readonly incident_id: string;
  /** Its name as given, without folders and what hides. */
  readonly name: string;
  /** What its bytes are, whatever its name says: image/jpeg ... */
  readonly media_type: string;
  /** Its size, bytes. */
  readonly byte_count: number;
  /** SHA-256 of its bytes, hex. */
  readonly sha256: string;
  /** not_scanned (no scanner is set up), waiting, clean or infected. */
  readonly scan: string;
  /** When a scanner judged it (UTC). */
  readonly scanned_at: string | null;
  /** What the scanner calls what it found. */
  readonly finding: string;
  /** Where its incident is, degrees: this decides who sees it. */
  readonly lat: number | null;
  /** WGS 84 longitude of its incident, degrees. */
  readonly lon: number | null;
  /** Who put it there. */
  readonly added_by: string;
  /** When (UTC). Never changes. */
  readonly added_at: string;
  /** Who withdrew it; empty: it stands. */
  readonly withdrawn_by: string;
  /** When (UTC). */
  readonly withdrawn_at: string | null;
  /** Why it was withdrawn. */
  readonly reason: string;
}

/** A unit's position and status. `occurred_at` is when it was there; the newest is where it was last known. */
export interface UnitPosition extends Envelope {
  /** The unit, as the source names it. */
  readonly unit_id: string;
  /** What people call it. */
  readonly call_sign: string;
  /** patrol, ambulance, engine, supervisor, air ... other. */
  readonly kind: string;
  /** Whose it is. */
  readonly agency: string;
  /** WGS 84 latitude, degrees. */
  readonly lat: number;
  /** WGS 84 longitude, degrees. */
  readonly lon: number;
  /** Radius the place may be off by, metres. */
  readonly accuracy_m: number | null;
  /** Direction of travel, degrees clockwise from north. */
  readonly heading_deg: number | null;
  /** Speed, km/h. */
  readonly speed_kmh: number | null;
  /** available, conditionally_available, not_available or unknown. */
  readonly status: string;
  /** The source's own status. */
  readonly status_raw: string;
  /** What it works on, by the source's number. */
  readonly incident_ref: string;
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
  /** Who may know of the list, and see alerts of entries that name nobody: empty for all, else audiences, commas between. */
  readonly audience: string;
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
  /** Who may see its alerts: empty for all, else audiences, commas between. */
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

/**
 * A text that one camera reads and that is no plate, or is said to be one after all. Of one `noise_id` the latest
 * `changed_at` holds, but a person's word is never replaced by what was learnt.
 */
export interface PlateNoise extends Envelope {
  /** camera_id/plate: what it is about. */
  readonly noise_id: string;
  /** The camera. */
  readonly camera_id: string;
  /** What it reads there. */
  readonly plate: string;
  /** True: taken for no plate at this camera; False: a plate again. */
  readonly is_noise: boolean;
  /** True when it was told from counts, False when a person said so. */
  readonly is_learnt: boolean;
  /** When it was learnt or said (UTC). */
  readonly changed_at: string;
  /** Who said so; empty for what was learnt. */
  readonly changed_by: string;
  /** Why, in a sentence. */
  readonly reason: string;
  /** Of the 72 whole hours before, those in which it was read. */
  readonly hours: number;
  /** How often it was read in them. */
  readonly reads: number;
  /** The fewest reads in one of those hours. */
  readonly fewest_in_an_hour: number;
  /** The most reads in one of those hours. */
  readonly most_in_an_hour: number;
  /** What of its text fits no plate of its jurisdiction, in words. */
  readonly doubts: readonly string[];
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
  /** Rules on a plate's path that may raise alerts here: first_in_zone, loitering, heading_to_zone. */
  readonly rules: readonly string[];
  /** True when the zone is no longer in use. */
  readonly removed: boolean;
}

/** A layer of the map. Each event is its whole state. The tiles themselves are a file that the server holds. */
export interface MapLayer extends Envelope {
  /** Its name: small letters, digits, hyphens. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** basemap (beneath everything) or overlay. */
  readonly kind: string;
  /** PMTiles file under /maps/; its name holds part of the sum, so it never changes. */
  readonly archive: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  /** Size of the file, bytes. */
  readonly bytes: number;
  /** vector or raster. */
  readonly tiles: string;
  /** How its layers are drawn: watchfloor, protomaps, openmaptiles or generic. */
  readonly tile_schema: string;
  /** Layers inside vector tiles, by name. */
  readonly source_layers: readonly string[];
  /** Bounds, degrees. */
  readonly west: number;
  /** Bounds, degrees. */
  readonly south: number;
  /** Bounds, degrees. */
  readonly east: number;
  /** Bounds, degrees. */
  readonly north: number;
  /** Shown from this zoom on. */
  readonly min_zoom: number;
  /** The finest tiles; from there on they are enlarged. */
  readonly max_zoom: number;
  /** Property that is written beside a shape; empty: none. */
  readonly label: string;
  /** Colour of an overlay, #rrggbb; empty: the page's own. */
  readonly colour: string;
  /** Whose data it is, as plain text. */
  readonly attribution: string;
  /** When it was added or removed (UTC). */
  readonly changed_at: string;
  /** Who did it. */
  readonly changed_by: string;
  /** True when the layer is no longer shown. */
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

/** Something that was done to an alert. */
export interface AlertDeed {
  /** event_id of the action. */
  readonly action_id: string;
  /** What was done, as the action says it. */
  readonly name: string;
  /** Who did it. */
  readonly actor: string;
  /** When (UTC). */
  readonly at: string;
  /** What they wrote. */
  readonly note: string;
  /** To whom it was given, what was undone, why it was shelved, its outcome. */
  readonly about: string;
}

/** How an alert stands, as far as an act that can be undone changes it. */
export interface AlertStanding {
  /** open, acknowledged or dispatched. */
  readonly status: string;
  /** Who has it in hand; empty: nobody. */
  readonly owner: string;
  /** Put aside until then (UTC). */
  readonly shelved_until: string | null;
  /** Who put it aside; empty: nobody. */
  readonly shelved_by: string;
  /** Why it was put aside. */
  readonly shelved_reason: string;
  /** When it was escalated (UTC). */
  readonly escalated_at: string | null;
  /** Who wants a supervisor; empty: nobody. */
  readonly escalated_by: string;
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
  /** When the verdict was said (UTC). */
  readonly verdict_at: string | null;
  /** Of a misread: the plate that the picture shows; empty: not said. */
  readonly true_plate: string;
  /** Who may see it: empty for all, else audiences, commas between. */
  readonly audience: string;
  /** Put aside until then (UTC); when that has passed it is open as before. */
  readonly shelved_until: string | null;
  /** Who put it aside; empty: nobody. */
  readonly shelved_by: string;
  /** Why it was put aside. */
  readonly shelved_reason: string;
  /** When it was reopened or taken off the shelf (UTC); empty: open since it was raised. */
  readonly open_since: string | null;
  /** When it should have been taken and was not, or a person escalated it (UTC). */
  readonly escalated_at: string | null;
  /** What came of it, said when it was closed: useful, false, duplicate or test. */
  readonly outcome: string;
  /** Who has it in hand, or was given it; empty: nobody. */
  readonly owner: string;
  /** Who wants a supervisor, until somebody takes it; empty: nobody. */
  readonly escalated_by: string;
  /** What was done to it, oldest first: every note, and the last 100 of all else. */
  readonly history: readonly AlertDeed[];
  /** How it stood before its last act, where that can be undone; else empty. */
  readonly standing_before: readonly AlertStanding[];
}

/**
 * Deeds that were recorded by `occurred_at`, bound to all that was sealed before (docs/adr/0020).
 *
 * `event_id` comes from the digest of what is signed: a seal that is sent twice is the same seal.
 */
export interface Seal extends Envelope {
  /** The public key (Ed25519, hexadecimal) that the chain began with. */
  readonly chain: string;
  /** Running number in the chain, from 0. */
  readonly number: number;
  /** SHA-256 of what the seal before signs; zeros in the first. */
  readonly previous: string;
  /** Merkle root (RFC 6962 §2.1) over deed id and commitment of each deed. */
  readonly root: string;
  /** How many deeds; 0 when none was done for an hour. */
  readonly count: number;
  /** log; store: deeds that an embedded log had no longer. */
  readonly read_from: string;
  /** Earliest observed_at of the deeds. */
  readonly first_at: string | null;
  /** Latest observed_at of the deeds. */
  readonly last_at: string | null;
  /** Ed25519 (RFC 8032), hexadecimal. */
  readonly signature: string;
  /** Ids of the deeds, in the order of the tree. */
  readonly deeds: readonly string[];
  /** What is committed to of each deed: a keyed SHA-256, hexadecimal. */
  readonly commitments: readonly string[];
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

/**
 * The picture of a read that raised an alert. First it is wanted, then it is settled: one event each.
 *
 * The picture itself is never in the log; it is kept in a folder under `sha256`.
 */
export interface Image extends Envelope {
  /** event_id of the plate read. */
  readonly read_id: string;
  /** 1: wanted; 2: settled. */
  readonly rev: number;
  /** wanted, fetched, expired, refused or failed. */
  readonly state: string;
  /** Why it was not fetched: image_expired, host_not_allowed ... */
  readonly reason: string;
  /** The camera. */
  readonly camera_id: string | null;
  /** Where the picture is at its source. May be a signed address. */
  readonly image_ref: string;
  /** From then on it cannot be fetched any more (UTC). */
  readonly expires_at: string | null;
  /** SHA-256 of the picture, hex; empty: not fetched. */
  readonly sha256: string;
  /** Its size, bytes. */
  readonly byte_count: number;
  /** image/jpeg or image/png, by its first bytes. */
  readonly media_type: string;
  /** Who may see it: empty for all, else audiences, commas between. */
  readonly audience: string;
}

/** The interface of each event type, by its name. */
export interface EventByType {
  readonly plate_read: PlateRead;
  readonly sighting: Sighting;
  readonly camera: Camera;
  readonly camera_observation: CameraObservation;
  readonly camera_health: CameraHealth;
  readonly emergency_call: EmergencyCall;
  readonly source_document: SourceDocument;
  readonly person: Person;
  readonly marker: Marker;
  readonly incident: Incident;
  readonly incident_input: IncidentInput;
  readonly assessment: Assessment;
  readonly drawing: Drawing;
  readonly attachment: Attachment;
  readonly unit_position: UnitPosition;
  readonly hotlist: Hotlist;
  readonly hotlist_entry: HotlistEntry;
  readonly hotlist_withdrawal: HotlistWithdrawal;
  readonly plate_noise: PlateNoise;
  readonly zone: Zone;
  readonly map_layer: MapLayer;
  readonly alert: Alert;
  readonly action: Action;
  readonly seal: Seal;
  readonly dead_letter: DeadLetter;
  readonly ledger_count: LedgerCount;
  readonly canary: Canary;
  readonly image: Image;
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
  source_document: { topic: "rtcc.call.source-document.v1", key: "document_id", push: "none", version: null },
  person: { topic: "rtcc.call.person.v1", key: "person_id", push: "none", version: "updated_at" },
  marker: { topic: "rtcc.call.marker.v1", key: "marker_id", push: "none", version: "changed_at" },
  incident: { topic: "rtcc.incident.incident.v1", key: "incident_id", push: "lossless", version: "rev" },
  incident_input: { topic: "rtcc.incident.input.v1", key: "desk", push: "none", version: null },
  assessment: { topic: "rtcc.incident.assessment.v1", key: "incident_id", push: "none", version: null },
  drawing: { topic: "rtcc.incident.drawing.v1", key: "drawing_id", push: "latest", version: "rev" },
  attachment: { topic: "rtcc.incident.attachment.v1", key: "attachment_id", push: "latest", version: "rev" },
  unit_position: { topic: "rtcc.unit.position.v1", key: "unit_id", push: "latest", version: "occurred_at" },
  hotlist: { topic: "rtcc.lpr.hotlist.v1", key: "list_id", push: "latest", version: "version" },
  hotlist_entry: { topic: "rtcc.lpr.hotlist-entry.v1", key: "list_id", push: "none", version: null },
  hotlist_withdrawal: { topic: "rtcc.lpr.hotlist-withdrawal.v1", key: "listing_id", push: "none", version: "changed_at" },
  plate_noise: { topic: "rtcc.lpr.plate-noise.v1", key: "noise_id", push: "none", version: "changed_at" },
  zone: { topic: "rtcc.place.zone.v1", key: "zone_id", push: "latest", version: "observed_at" },
  map_layer: { topic: "rtcc.place.map-layer.v1", key: "name", push: "latest", version: "changed_at" },
  alert: { topic: "rtcc.alert.alert.v1", key: "alert_id", push: "lossless", version: "rev" },
  action: { topic: "rtcc.person.action.v1", key: "subject_id", push: "none", version: null },
  seal: { topic: "rtcc.person.seal.v1", key: "chain", push: "none", version: null },
  dead_letter: { topic: "rtcc.stream.dead-letter.v1", key: "event_id", push: "none", version: null },
  ledger_count: { topic: "rtcc.ledger.count.v1", key: "process", push: "none", version: null },
  canary: { topic: "rtcc.operations.canary.v1", key: "source", push: "latest", version: "occurred_at" },
  image: { topic: "rtcc.lpr.image.v1", key: "read_id", push: "none", version: "rev" },
} as const satisfies Record<EventTypeName, object>;

export const ALERT_SEVERITIES = ["P1", "P2", "P3", "P4"] as const;

export const ALERT_STATUSES = ["open", "acknowledged", "dispatched", "closed", "recalled"] as const;

export const ACTIVE_ALERT_STATUSES = ["open", "acknowledged", "dispatched"] as const;

export const ALERT_ACTIONS = {"alert.acknowledge": "acknowledged", "alert.dispatch": "dispatched", "alert.close": "closed", "alert.reopen": "open"} as const;

export const ALERT_CHECKS = ["plate", "state", "record"] as const;

export const ALERT_VERDICTS = ["correct", "wrong_state", "misread", "list_wrong", "other"] as const;

export const ALERT_OUTCOMES = ["useful", "false", "duplicate", "test"] as const;

export const ALERT_TAKING = ["alert.acknowledge", "alert.assign", "alert.close", "alert.dispatch", "alert.reopen", "alert.undo"] as const;

export const ALERT_UNDOABLE = ["alert.acknowledge", "alert.assign", "alert.close", "alert.shelve"] as const;

export const ALERT_UNDO_MS = 10000 as const;

export const ALERT_NOTE_LENGTH = 1000 as const;

export const CALL_CATEGORIES = ["shooting", "stabbing", "homicide", "robbery", "carjacking", "sexual_assault", "kidnapping", "assault", "weapon", "domestic", "burglary", "theft", "vehicle_theft", "traffic", "medical", "fire", "missing_person", "disturbance", "suspicious", "alarm", "drugs", "property_damage", "welfare", "other"] as const;

export const GRAVE_CATEGORIES = ["carjacking", "homicide", "kidnapping", "robbery", "sexual_assault", "shooting", "stabbing", "weapon"] as const;

export const CALL_STATUSES = ["received", "dispatched", "en_route", "on_scene", "closed", "cancelled", "unknown"] as const;

export const CAMERA_STATUSES = ["ok", "degraded", "no_signal", "frozen", "black", "blurred", "offline", "unknown"] as const;

export const STOPPED_CAMERA_STATUSES = ["black", "frozen", "no_signal", "offline"] as const;

export const DRAWING_SHAPES = {"perimeter": ["polygon"], "hot_zone": ["polygon"], "warm_zone": ["polygon"], "cold_zone": ["polygon"], "staging": ["polygon", "point"], "command_post": ["point"], "route": ["line"], "note": ["point"]} as const;

export const PURPOSES = {"stolen_vehicle": "stolen vehicle", "missing_person": "missing person", "wanted_person": "wanted person", "violent_crime": "violent crime", "property_crime": "property crime", "drug_crime": "drug or weapon crime", "traffic": "traffic: crash, hit and run", "welfare_check": "welfare check", "warrant": "court order or warrant", "alert_check": "check of an alert or a read", "call_handling": "call that is being handled", "training": "training", "audit": "audit or complaint", "other": "other (say what)"} as const;

export const MIN_PURPOSE_TEXT = 5 as const;

export const CHECKLISTS = [{"name": "missing_person", "title": "Missing person", "categories": ["missing_person", "kidnapping"], "tasks": [{"key": "report", "text": "Take the report now: there is no waiting period", "source": "34 USC 41308"}, {"key": "ncic", "text": "Enter in NCIC within two hours of receipt, if under 21", "source": "34 USC 41307, 41308"}, {"key": "amber", "text": "Check the criteria of an AMBER Alert, if a child was abducted", "source": "OJJDP, AMBER Alert Best Practices, 2nd edition (NCJ 252759)"}, {"key": "description", "text": "Description, photo, and where and when last seen, to all units", "source": "OJJDP, AMBER Alert Best Practices, 2nd edition (NCJ 252759)"}, {"key": "vehicle", "text": "Vehicle and plate on the hotlist, if one is known", "source": "own"}, {"key": "cameras", "text": "Cameras near the place last seen, from that time on", "source": "own"}]}, {"name": "shots_fired", "title": "Shots fired", "categories": ["shooting", "weapon", "homicide"], "tasks": [{"key": "place", "text": "Exact place to the units: street, yard or park, not an address alone", "source": "POP Center, Gunshot Detection, Responding to Gunshots"}, {"key": "shots", "text": "Number of shots, and whether there is more than one shooter, to the units", "source": "POP Center, Gunshot Detection, Responding to Gunshots"}, {"key": "victims", "text": "Look for victims and witnesses", "source": "POP Center, Gunshot Detection, Responding to Gunshots"}, {"key": "evidence", "text": "Units told where evidence may lie", "source": "POP Center, Gunshot Detection, Responding to Gunshots"}, {"key": "cameras", "text": "Cameras near, from two minutes before the shots", "source": "own"}, {"key": "reads", "text": "Plates read near before and after the shots", "source": "own"}]}, {"name": "robbery", "title": "Robbery", "categories": ["robbery", "carjacking"], "tasks": [{"key": "weapons", "text": "Weapons used, to the units first", "source": "LASD Manual 3-07/020.05"}, {"key": "suspects", "text": "Number and description of suspects broadcast", "source": "LASD Manual 3-07/020.05"}, {"key": "direction", "text": "Direction taken, on foot or in a vehicle, broadcast", "source": "LASD Manual 3-07/020.05"}, {"key": "vehicle", "text": "Vehicle: year, make, model, colour and plate broadcast", "source": "LASD Manual 3-07/020.05"}, {"key": "taken", "text": "What was taken broadcast", "source": "LASD Manual 3-07/020.05"}, {"key": "reads", "text": "Plates read on the ways out", "source": "own"}, {"key": "cameras", "text": "Cameras at the place and on the ways out", "source": "own"}]}, {"name": "crash", "title": "Crash with injuries", "categories": ["traffic"], "tasks": [{"key": "extent", "text": "Size, expected duration and queue estimated within 15 minutes of arrival", "source": "FHWA, MUTCD 2009, 6I.01"}, {"key": "control", "text": "Traffic control set up for that estimate", "source": "FHWA, MUTCD 2009, 6I.01"}, {"key": "injured", "text": "Number of injured, and whether anybody is trapped, to fire and medical", "source": "own"}, {"key": "secondary", "text": "Cameras upstream watched for a second crash", "source": "own"}, {"key": "vehicle", "text": "Vehicle that left the scene: description and plate to the units", "source": "own"}]}, {"name": "incident", "title": "Any incident", "categories": [], "tasks": [{"key": "call_back", "text": "Somebody at the place called back: what is going on now", "source": "own"}, {"key": "cameras", "text": "Cameras near looked at", "source": "own"}, {"key": "alerts", "text": "Alerts near looked at", "source": "own"}, {"key": "markers", "text": "Warnings about the place or the people told to the units", "source": "own"}]}] as const;
