/** Colours that are drawn rather than styled; the same values as in app.css (contrast measured, see README). */
export const COLOUR = {
  ground: '#0b1016',
  land: '#111922',
  water: '#0b2135',
  district: '#2b3a48',
  park: '#12241f',
  motorway: '#3d4f61',
  arterial: '#2c3a48',
  street: '#22303d',
  road_label: '#7f90a1',
  place_label: '#a9b8c7',
  halo: '#0b1016',
  text: '#e6edf3',
  muted: '#9fb0c0',
  zone: '#6d86a3',
  watched: '#8fd3c8',
  stale: '#c9a0ff',
  focus: '#ffe066',
  read: '#7fb4d9',
  hit: '#ffb302',
  P1: '#ff5c5c',
  P2: '#ffb302',
  P3: '#56b4e9',
  P4: '#a4abb6',
} as const;

export const FONT = 'Inter Variable';
