import { mount } from 'svelte';
import './app.css';

/** Screens with an address of their own; anything else is the desk. Each is a chunk: a wall does not load the desk's lists. */
const screen = /^\/wall\/?$/.test(location.pathname) ? import('./panel/Wall.svelte') : import('./App.svelte');

const target = document.getElementById('app');
if (target) void screen.then(({ default: Screen }) => mount(Screen, { target }));
