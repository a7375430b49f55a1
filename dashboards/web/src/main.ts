import { mount } from 'svelte';
import './app.css';

const target = document.getElementById('app');
/** The page of the field is one of its own: what a desk needs does not travel to a phone. */
const isField = /^\/field\/?$/.test(location.pathname);
if (target) {
  const { default: Page } = isField ? await import('./field/FieldPage.svelte') : await import('./App.svelte');
  mount(Page, { target });
}
