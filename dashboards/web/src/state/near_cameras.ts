/** Cameras by how far they are from a place. */
import type { Camera } from '$schemas/events';

export interface NearCamera {
  readonly camera: Camera;
  /** A straight line, metres. */
  readonly distanceM: number;
}

const METRES_A_DEGREE = 111_320;

/** Straight line, exact enough for a city. */
export function metresBetween(a: readonly [lon: number, lat: number], b: readonly [lon: number, lat: number]): number {
  const east = (b[0] - a[0]) * Math.cos(((a[1] + b[1]) / 2) * (Math.PI / 180));
  return Math.hypot(east, b[1] - a[1]) * METRES_A_DEGREE;
}

/** The nearest first; among those at one place, by id. */
export function nearestCameras(cameras: Iterable<Camera>, place: readonly [lon: number, lat: number], most: number): NearCamera[] {
  return Array.from(cameras, (camera) => ({ camera, distanceM: metresBetween(place, [camera.lon, camera.lat]) }))
    .sort((a, b) => a.distanceM - b.distanceM || (a.camera.camera_id < b.camera.camera_id ? -1 : 1))
    .slice(0, most);
}

/** `85 m`, `1.2 km`. */
export const distanceText = (metres: number): string =>
  metres < 950 ? `${Math.round(metres / 5) * 5} m` : `${(metres / 1000).toFixed(1)} km`;
