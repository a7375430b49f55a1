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

export type Palette = Readonly<Record<keyof typeof COLOUR, string>>;

/** For bright sun: dark on light. */
export const SUN: Palette = {
  ground: '#ffffff',
  land: '#f4f4f0',
  water: '#b9d9f0',
  district: '#8a94a0',
  park: '#d3e8cc',
  motorway: '#6f7780',
  arterial: '#a3a9b0',
  street: '#c9cdd2',
  road_label: '#2c333a',
  place_label: '#101418',
  halo: '#ffffff',
  text: '#000000',
  muted: '#3a424a',
  zone: '#4a5f78',
  watched: '#00594a',
  stale: '#5b2a9c',
  focus: '#0b3fd6',
  read: '#1c5a8a',
  hit: '#8a4b00',
  P1: '#b00012',
  P2: '#8a4b00',
  P3: '#00528f',
  P4: '#4a5260',
};

/** The same style in other colours: every token of ours is replaced by its like. */
export function inPalette<T>(style: T, palette: Palette): T {
  if (palette === COLOUR) return style;
  const like = new Map(Object.entries(COLOUR).map(([name, colour]) => [colour as string, palette[name as keyof Palette]]));
  return JSON.parse(JSON.stringify(style, (_, value: unknown) => (typeof value === 'string' ? (like.get(value) ?? value) : value))) as T;
}

export const FONT = 'Inter Variable';
