/** The pictures on the map, drawn here: shape says what it is, colour only says it again. */
import { COLOUR, FONT } from './tokens';
import type { CameraState } from '../state/camera_state';
import type { Severity } from '../state/ranking';

/** Pictures are drawn at twice their size, so that they are sharp on dense screens. */
export const RATIO = 2;

interface Picture {
  readonly name: string;
  readonly image: ImageData;
}

type Draw = (g: CanvasRenderingContext2D) => void;

function picture(name: string, size: number, draw: Draw): Picture {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * RATIO;
  const g = canvas.getContext('2d', { willReadFrequently: true });
  if (!g) throw new Error('This browser draws no pictures.');
  g.scale(RATIO, RATIO);
  g.translate(size / 2, size / 2);
  g.lineJoin = 'round';
  g.textAlign = 'center';
  g.textBaseline = 'middle';
  draw(g);
  return { name, image: g.getImageData(0, 0, canvas.width, canvas.height) };
}

const OUTLINES: Readonly<Record<Severity, (g: CanvasRenderingContext2D) => void>> = {
  P1: (g) => polygon(g, [[0, -15], [15, 0], [0, 15], [-15, 0]]),
  P2: (g) => polygon(g, [[0, -14], [15, 12], [-15, 12]]),
  P3: (g) => polygon(g, [[-11, -11], [11, -11], [11, 11], [-11, 11]]),
  P4: (g) => {
    g.beginPath();
    g.arc(0, 0, 11.5, 0, 2 * Math.PI);
  },
};
const LETTER_Y: Readonly<Record<Severity, number>> = { P1: 0.5, P2: 5, P3: 0.5, P4: 0.5 };

function polygon(g: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  g.beginPath();
  for (const [x, y] of points) g.lineTo(x, y);
  g.closePath();
}

/** Filled: nobody has taken it. Outlined: somebody has. */
function alertPicture(severity: Severity, taken: boolean): Picture {
  return picture(`alert-${severity}-${taken ? 'taken' : 'open'}`, 38, (g) => {
    const outline = OUTLINES[severity];
    const colour = COLOUR[severity];
    outline(g);
    g.lineWidth = 5;
    g.strokeStyle = COLOUR.ground;
    g.stroke();
    outline(g);
    g.fillStyle = taken ? COLOUR.ground : colour;
    g.fill();
    g.lineWidth = 2;
    g.strokeStyle = colour;
    g.stroke();
    g.fillStyle = taken ? colour : COLOUR.ground;
    g.font = `800 10.5px "${FONT}"`;
    g.fillText(severity, 0, LETTER_Y[severity]);
  });
}

const FRAME: Readonly<Record<'video' | 'reader', (g: CanvasRenderingContext2D) => void>> = {
  video: (g) => {
    g.beginPath();
    g.arc(0, 0, 4.5, 0, 2 * Math.PI);
  },
  reader: (g) => {
    g.beginPath();
    g.rect(-4.2, -4.2, 8.4, 8.4);
  },
};

/** Hollow works, notched is degraded, slashed has stopped, dashed is not known, dashed violet was known once. */
function cameraPicture(form: 'video' | 'reader', state: CameraState): Picture {
  return picture(`camera-${form}-${state}`, 18, (g) => {
    const frame = FRAME[form];
    frame(g);
    g.lineWidth = 4.5;
    g.strokeStyle = COLOUR.ground;
    g.stroke();
    frame(g);
    g.fillStyle = state === 'stopped' ? '#5d6874' : COLOUR.ground;
    g.fill();
    g.lineWidth = 1.6;
    g.strokeStyle = state === 'stale' ? COLOUR.stale : state === 'unknown' ? '#8593a1' : '#a9b6c3';
    if (state === 'unknown' || state === 'stale') g.setLineDash([2, 1.9]);
    g.stroke();
    g.setLineDash([]);
    if (state === 'degraded') {
      polygon(g, [[0.5, -7.5], [7.5, -7.5], [7.5, -0.5]]);
      g.fillStyle = COLOUR.P2;
      g.fill();
    }
    if (state === 'stopped') {
      g.beginPath();
      g.moveTo(-6.5, 6.5);
      g.lineTo(6.5, -6.5);
      g.lineWidth = 4;
      g.strokeStyle = COLOUR.ground;
      g.stroke();
      g.lineWidth = 2;
      g.strokeStyle = COLOUR.text;
      g.stroke();
    }
  });
}

/** Cameras that lie together, with the mark of the worst state among them at the edge. */
function clusterPicture(state: 'ok' | 'degraded' | 'stopped' | 'unclear'): Picture {
  return picture(`cluster-${state}`, 40, (g) => {
    g.beginPath();
    g.arc(0, 0, 14, 0, 2 * Math.PI);
    g.fillStyle = 'rgba(18, 25, 34, 0.88)';
    g.fill();
    g.lineWidth = 1.6;
    g.strokeStyle = '#8593a1';
    if (state === 'unclear') g.setLineDash([3, 2.6]);
    g.stroke();
    g.setLineDash([]);
    if (state === 'degraded') {
      polygon(g, [[6, -16], [16, -16], [16, -6]]);
      g.fillStyle = COLOUR.P2;
      g.fill();
    }
    if (state === 'stopped') {
      g.beginPath();
      g.moveTo(5, -5);
      g.lineTo(17, -17);
      g.lineWidth = 5;
      g.strokeStyle = COLOUR.ground;
      g.stroke();
      g.lineWidth = 2.4;
      g.strokeStyle = COLOUR.text;
      g.stroke();
    }
  });
}

/** An arrow from the camera's edge to the north; the map turns it. */
function bearingPicture(): Picture {
  return picture('bearing', 56, (g) => {
    g.lineWidth = 2;
    g.strokeStyle = '#a9b6c3';
    g.beginPath();
    g.moveTo(0, -9);
    g.lineTo(0, -24);
    g.moveTo(-4.5, -19);
    g.lineTo(0, -25);
    g.lineTo(4.5, -19);
    g.stroke();
  });
}

/** A speech bubble with the priority 0..10 in it: somebody called. The fuller, the graver. */
function callPicture(priority: number | null): Picture {
  return picture(`call-${priority ?? 'none'}`, 28, (g) => {
    const grave = (priority ?? 0) >= 7;
    g.beginPath();
    g.roundRect(-9, -10, 18, 15, 4);
    g.moveTo(-4, 4.5);
    g.lineTo(-4, 10);
    g.lineTo(2, 4.5);
    g.lineWidth = 4;
    g.strokeStyle = COLOUR.ground;
    g.stroke();
    g.fillStyle = grave ? COLOUR.text : '#223040';
    g.fill();
    g.lineWidth = 1.3;
    g.strokeStyle = grave ? COLOUR.text : '#8fa3b7';
    g.beginPath();
    g.roundRect(-9, -10, 18, 15, 4);
    g.stroke();
    g.fillStyle = grave ? COLOUR.ground : COLOUR.text;
    g.font = `700 10px "${FONT}"`;
    g.fillText(priority === null ? '–' : String(priority), 0, -2.2);
  });
}

export function pictures(): Picture[] {
  const severities: readonly Severity[] = ['P1', 'P2', 'P3', 'P4'];
  const states: readonly CameraState[] = ['ok', 'degraded', 'stopped', 'unknown', 'stale'];
  return [
    ...severities.flatMap((severity) => [alertPicture(severity, false), alertPicture(severity, true)]),
    ...states.flatMap((state) => [cameraPicture('video', state), cameraPicture('reader', state)]),
    ...(['ok', 'degraded', 'stopped', 'unclear'] as const).map(clusterPicture),
    bearingPicture(),
    ...[null, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(callPicture),
  ];
}
