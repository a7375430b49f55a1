/** For tests and support: figures of the page at `window.__watchfloor`, never its content. */
import { LOSSLESS } from '../protocol/messages';
import type { Desk } from './desk.svelte';

export function exposeFigures(shown: () => Desk, more: () => object = () => ({})): void {
  const stats = (): object => {
    const desk = shown();
    return {
      map: (desk.map ?? desk.searchMap)?.stats() ?? null,
      badge: desk.badge,
      counts: desk.world.counts(),
      feed: { ...desk.feed.counts, epoch: desk.feed.epoch, phase: desk.feed.phase },
      positions: Object.fromEntries(LOSSLESS.map((channel) => [channel, desk.feed.position(channel)])),
      unreadableRows: desk.world.unreadableRows,
      sound: { state: desk.sound, ...desk.sounding.played },
      flood: desk.flood,
      groups: desk.groups?.size ?? null,
      alertIds: [...desk.world.alerts.rows.keys()],
      now: desk.now,
      replay: desk.replay,
      ...more(),
    };
  };
  Object.assign(window, { __watchfloor: { stats } });
}
