/** Night colours: the whole page dimmer and warmer, for eyes that are used to the dark. Kept in this browser. */
const STORED = 'watchfloor.night';

/** As the stylesheet makes them (app.css): how much of the light is left, and how much of it is turned to warm. */
export const NIGHT = { brightness: 0.85, sepia: 0.3 } as const;

export const showNight = (): void => {
  document.documentElement.dataset['theme'] = localStorage.getItem(STORED) === 'on' ? 'night' : '';
};

export function toggleNight(): void {
  localStorage.setItem(STORED, localStorage.getItem(STORED) === 'on' ? 'off' : 'on');
  showNight();
}
