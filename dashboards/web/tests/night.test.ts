import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { NIGHT } from '../src/state/night';

const CSS = readFileSync(new URL('../src/app.css', import.meta.url), 'utf8');
const token = (name: string): number[] => [1, 3, 5].map((at) => Number.parseInt((new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(CSS)?.[1] ?? '').slice(at, at + 2), 16) / 255);

/** What the two filters make of a colour (Filter Effects 1, §§ brightness, sepia). */
function atNight(rgb: number[]): number[] {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => part * NIGHT.brightness);
  const full = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]];
  return full.map((row, at) => Math.min(1, NIGHT.sepia * ((row[0] ?? 0) * r + (row[1] ?? 0) * g + (row[2] ?? 0) * b) + (1 - NIGHT.sepia) * ([r, g, b][at] ?? 0)));
}
const luminance = (rgb: number[]): number => rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, at) => sum + c * ([0.2126, 0.7152, 0.0722][at] ?? 0), 0);

it('text stays readable in night colours: 4.5 to 1 on ground and panel', () => {
  expect(CSS).toContain(`brightness(${NIGHT.brightness}) sepia(${NIGHT.sepia})`);
  for (const text of ['text', 'muted', 'p1', 'p2', 'p3', 'p4', 'stale', 'ok']) {
    for (const ground of ['ground', 'panel']) {
      const [light, dark] = [luminance(atNight(token(text))), luminance(atNight(token(ground)))];
      expect((light + 0.05) / (dark + 0.05), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  }
});
