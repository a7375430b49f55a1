/**
 * The layer of what moves: sightings as dots that fade with their age, and rings around P1 alerts nobody has taken.
 *
 * One ring buffer on the GPU holds the sightings; a new one costs 16 bytes and nothing else, and the shader does the
 * fading. Positions are kept relative to an origin near the city, folded into the matrix in double precision, else
 * dots tremble at street level. No uniform blocks (the map library uses their binding points).
 */
import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type Map as MapLibreMap } from 'maplibre-gl';
import { VANISH_MS } from '../state/sighting_log';

/** Enough for two minutes of 500 sightings a second; more, and the oldest go first. */
const CAPACITY = 65_536;
const FLOATS = 4;
const MOST_PULSES = 64;
/** A P1 pulses this long, once in two seconds (WCAG 2.3.1 allows three flashes a second), then its ring stands still. */
export const PULSING_MS = 30_000;
const YOUNG_MS = 1_500;

export interface Pulse {
  readonly lon: number;
  readonly lat: number;
  readonly since: number;
}

const VERTEX = `#version 300 es
precision highp float;
uniform mat4 matrix;
uniform float now;
uniform float scale;
uniform float still;
in vec2 place;
in float born;
in float kind;
out vec4 colour;
out float ring;
void main() {
  float age = now - born;
  gl_Position = matrix * vec4(place, 0.0, 1.0);
  ring = 0.0;
  if (kind < 1.5) {
    float left = clamp(1.0 - age / ${(VANISH_MS / 1000).toFixed(1)}, 0.0, 1.0);
    float young = still > 0.5 ? 0.0 : clamp(1.0 - age / ${(YOUNG_MS / 1000).toFixed(1)}, 0.0, 1.0);
    bool hit = kind > 0.5;
    gl_PointSize = scale * (hit ? 12.0 + 12.0 * young : 5.0 + 9.0 * young);
    ring = hit ? 0.55 : 0.0;
    colour = hit ? vec4(1.0, 0.70, 0.01, 0.35 + 0.65 * left) : vec4(0.50, 0.74, 0.90, (0.85 - 0.35 * young) * left * left);
    if (age < -5.0 || left <= 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  } else {
    float beat = (still > 0.5 || age > ${(PULSING_MS / 1000).toFixed(1)}) ? 0.45 : fract(age / 2.0);
    gl_PointSize = scale * (44.0 + 32.0 * beat);
    ring = 0.86;
    colour = vec4(1.0, 0.36, 0.36, 0.9 - 0.8 * beat);
  }
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 colour;
in float ring;
out vec4 fragColor;
void main() {
  float r = length(gl_PointCoord - 0.5) * 2.0;
  float edge = fwidth(r);
  float inside = 1.0 - smoothstep(1.0 - edge, 1.0, r);
  float hole = ring > 0.0 ? smoothstep(ring - edge, ring, r) : 1.0;
  float alpha = colour.a * inside * hole;
  if (alpha <= 0.004) discard;
  fragColor = vec4(colour.rgb * alpha, alpha);
}`;

export class MovingLayer implements CustomLayerInterface {
  readonly id = 'moving';
  readonly type = 'custom' as const;
  readonly renderingMode = '2d' as const;
  state: 'none' | 'linked' | 'failed' = 'none';
  still = false;

  readonly #points = new Float32Array(CAPACITY * FLOATS);
  readonly #pulses = new Float32Array(MOST_PULSES * FLOATS);
  #next = 0;
  #used = 0;
  #pulseCount = 0;
  #youngest = Number.NEGATIVE_INFINITY;
  #newestPulse = Number.NEGATIVE_INFINITY;
  #dirty: { from: number; to: number } | null = null;
  #pulsesDirty = false;
  readonly #origin: MercatorCoordinate;
  /** Times in the buffer are seconds since here, so that 32 bits are exact enough for weeks. */
  readonly #epoch: number;

  #program: WebGLProgram | null = null;
  #uniforms: Record<'matrix' | 'now' | 'scale' | 'still', WebGLUniformLocation | null> | null = null;
  #buffers: { points: WebGLBuffer | null; pulses: WebGLBuffer | null } = { points: null, pulses: null };
  #arrays: { points: WebGLVertexArrayObject | null; pulses: WebGLVertexArrayObject | null } = { points: null, pulses: null };

  constructor(origin: readonly [number, number], private readonly serverNow: () => number) {
    this.#origin = MercatorCoordinate.fromLngLat([origin[0], origin[1]]);
    this.#epoch = serverNow();
  }

  add(lon: number, lat: number, at: number, hit: boolean): void {
    const slot = this.#next;
    this.#put(this.#points, slot, lon, lat, at, hit ? 1 : 0);
    this.#next = (slot + 1) % CAPACITY;
    this.#used = Math.min(CAPACITY, this.#used + 1);
    this.#youngest = Math.max(this.#youngest, at);
    this.#dirty = this.#dirty
      ? { from: Math.min(this.#dirty.from, slot), to: Math.max(this.#dirty.to, slot + 1) }
      : { from: slot, to: slot + 1 };
  }

  clear(): void {
    this.#next = this.#used = 0;
    this.#youngest = Number.NEGATIVE_INFINITY;
    this.#dirty = null;
  }

  setPulses(pulses: readonly Pulse[]): void {
    this.#pulseCount = Math.min(pulses.length, MOST_PULSES);
    this.#newestPulse = Number.NEGATIVE_INFINITY;
    pulses.slice(0, MOST_PULSES).forEach((pulse, slot) => {
      this.#put(this.#pulses, slot, pulse.lon, pulse.lat, pulse.since, 2);
      this.#newestPulse = Math.max(this.#newestPulse, pulse.since);
    });
    this.#pulsesDirty = true;
  }

  get pulses(): number {
    return this.#pulseCount;
  }

  /** Sightings that are still drawn. */
  alive(): number {
    const oldest = (this.serverNow() - VANISH_MS - this.#epoch) / 1000;
    let count = 0;
    for (let i = 0; i < this.#used; i += 1) if ((this.#points[i * FLOATS + 2] ?? 0) > oldest) count += 1;
    return count;
  }

  /** How soon the picture changes by itself, ms; null when it stands still. */
  restlessness(): number | null {
    const now = this.serverNow();
    const pulsing = this.#pulseCount > 0 && now - this.#newestPulse < PULSING_MS;
    if (!this.still && (pulsing || now - this.#youngest < YOUNG_MS)) return 100;
    return this.#used > 0 && now - this.#youngest < VANISH_MS + 2_000 ? 1_000 : null;
  }

  onAdd(_map: MapLibreMap, gl: WebGL2RenderingContext): void {
    const program = link(gl);
    this.state = program ? 'linked' : 'failed';
    if (!program) return;
    this.#program = program;
    this.#uniforms = {
      matrix: gl.getUniformLocation(program, 'matrix'),
      now: gl.getUniformLocation(program, 'now'),
      scale: gl.getUniformLocation(program, 'scale'),
      still: gl.getUniformLocation(program, 'still'),
    };
    for (const name of ['points', 'pulses'] as const) {
      const buffer = gl.createBuffer();
      const array = gl.createVertexArray();
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, name === 'points' ? this.#points : this.#pulses, gl.DYNAMIC_DRAW);
      for (const [attribute, size, offset] of [['place', 2, 0], ['born', 1, 8], ['kind', 1, 12]] as const) {
        const at = gl.getAttribLocation(program, attribute);
        gl.enableVertexAttribArray(at);
        gl.vertexAttribPointer(at, size, gl.FLOAT, false, FLOATS * 4, offset);
      }
      this.#buffers[name] = buffer;
      this.#arrays[name] = array;
    }
    gl.bindVertexArray(null);
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
  }

  onRemove(_map: MapLibreMap, gl: WebGL2RenderingContext): void {
    for (const name of ['points', 'pulses'] as const) {
      gl.deleteBuffer(this.#buffers[name]);
      gl.deleteVertexArray(this.#arrays[name]);
    }
    gl.deleteProgram(this.#program);
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    if (!this.#program || !this.#uniforms || (this.#used === 0 && this.#pulseCount === 0)) return;
    this.#upload(gl);
    gl.useProgram(this.#program);
    gl.uniformMatrix4fv(this.#uniforms.matrix, false, this.#matrix(input.defaultProjectionData.mainMatrix));
    gl.uniform1f(this.#uniforms.now, (this.serverNow() - this.#epoch) / 1000);
    gl.uniform1f(this.#uniforms.scale, window.devicePixelRatio || 1);
    gl.uniform1f(this.#uniforms.still, this.still ? 1 : 0);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.bindVertexArray(this.#arrays.points);
    if (this.#used) gl.drawArrays(gl.POINTS, 0, this.#used);
    gl.bindVertexArray(this.#arrays.pulses);
    if (this.#pulseCount) gl.drawArrays(gl.POINTS, 0, this.#pulseCount);
    gl.bindVertexArray(null);
  }

  #upload(gl: WebGL2RenderingContext): void {
    if (this.#dirty) {
      const { from, to } = this.#dirty;
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers.points);
      gl.bufferSubData(gl.ARRAY_BUFFER, from * FLOATS * 4, this.#points, from * FLOATS, (to - from) * FLOATS);
      this.#dirty = null;
    }
    if (this.#pulsesDirty) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers.pulses);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, this.#pulses);
      this.#pulsesDirty = false;
    }
  }

  /** The map's matrix with our origin folded in, still in double precision; only the product becomes 32 bits. */
  #matrix(m: ArrayLike<number>): Float32Array {
    const out = new Float32Array(16);
    const at = (i: number): number => m[i] ?? 0;
    for (let i = 0; i < 12; i += 1) out[i] = at(i);
    for (let row = 0; row < 4; row += 1) {
      out[12 + row] = at(row) * this.#origin.x + at(4 + row) * this.#origin.y + at(12 + row);
    }
    return out;
  }

  #put(into: Float32Array, slot: number, lon: number, lat: number, at: number, kind: number): void {
    const place = MercatorCoordinate.fromLngLat([lon, lat]);
    into.set([place.x - this.#origin.x, place.y - this.#origin.y, (at - this.#epoch) / 1000, kind], slot * FLOATS);
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(type);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
