-- Records of people are read whole by their ids: kept once more in small granules, what is stored already too.

ALTER TABLE rtcc.person_states ADD PROJECTION IF NOT EXISTS by_key (SELECT `event_id`, `occurred_at`, `observed_at`, `source`, `jurisdiction`, `synthetic`, `person_id`, `updated_at`, `role`, `full_name`, `given_name`, `middle_name`, `family_name`, `aliases`, `birth_date`, `sex`, `phones`, `address`, `lat`, `lon`, `call_id`, `is_removed`, `stored_at`, `_offset` ORDER BY cityHash64(`person_id`)) WITH SETTINGS (index_granularity = 64);

ALTER TABLE rtcc.person_states MATERIALIZE PROJECTION by_key;
