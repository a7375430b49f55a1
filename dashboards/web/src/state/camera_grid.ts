/** Which cameras stand in the grid, and how its keys move. */
import type { Camera, CameraHealth } from '$schemas/events';
import { CAMERA_STATE_RANK, cameraState } from './camera_state';
import { byName } from './names';
import { metresBetween, nearestCameras } from './near_cameras';

export const GRID_SIZES = [1, 4, 9, 16] as const;
export type GridSize = (typeof GRID_SIZES)[number];

export interface GridTile {
  readonly camera: Camera;
  readonly isPinned: boolean;
  /** From the selection, metres; null where nothing is selected. */
  readonly distanceM: number | null;
}

export interface GridWish {
  readonly cameras: ReadonlyMap<string, Camera>;
  readonly health: ReadonlyMap<string, CameraHealth>;
  readonly pinned: readonly string[];
  readonly place: readonly [lon: number, lat: number] | null;
  readonly now: number;
}

/** Pinned first, in the order in which they were; then the nearest to the place, or without one what needs a look. */
export function gridTiles({ cameras, health, pinned, place, now }: GridWish, most: number): GridTile[] {
  const tile = (camera: Camera, isPinned: boolean): GridTile => ({
    camera, isPinned, distanceM: place && metresBetween(place, [camera.lon, camera.lat]),
  });
  const first = pinned.flatMap((id) => cameras.get(id) ?? []);
  const taken = new Set(pinned);
  const others = [...cameras.values()].filter((camera) => !taken.has(camera.camera_id));
  const rest = place
    ? nearestCameras(others, place, most).map(({ camera }) => camera)
    : others
        .map((camera) => ({ camera, rank: CAMERA_STATE_RANK[cameraState(health.get(camera.camera_id), now)] }))
        .sort((a, b) => a.rank - b.rank || byName(a.camera.name, b.camera.name))
        .map(({ camera }) => camera);
  return [...first.map((camera) => tile(camera, true)), ...rest.map((camera) => tile(camera, false))].slice(0, most);
}

/** Where an arrow leads from a tile; it stays at an edge. */
export function stepTile(at: number, key: string, columns: number, count: number): number {
  const to = at + ({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key] ?? 0);
  return to >= 0 && to < count ? to : at;
}

const PINNED = 'watchfloor.pinned-cameras';
const SIZE = 'watchfloor.camera-grid';

export function readPinned(storage: Pick<Storage, 'getItem'>): readonly string[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(PINNED) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

export const keepPinned = (storage: Pick<Storage, 'setItem'>, ids: readonly string[]): void => storage.setItem(PINNED, JSON.stringify(ids));

export function readSize(storage: Pick<Storage, 'getItem'>): GridSize {
  const kept = Number(storage.getItem(SIZE));
  return GRID_SIZES.find((size) => size === kept) ?? 9;
}

export const keepSize = (storage: Pick<Storage, 'setItem'>, size: GridSize): void => storage.setItem(SIZE, String(size));
