import { mount } from 'svelte';
import './app.css';
import { showNight } from './state/night';

/** Screens with an address of their own; anything else is the desk. Each is a chunk: what a desk needs does not travel to
 * a wall or to a phone. */
function screen() {
  if (/^\/wall\/?$/.test(location.pathname)) return import('./panel/Wall.svelte');
  if (/^\/field\/?$/.test(location.pathname)) return import('./field/FieldPage.svelte');
  return import('./App.svelte');
}

showNight();
const target = document.getElementById('app');
if (target) void screen().then(({ default: Screen }) => mount(Screen, { target }));
