/** What axe-core finds wrong with a page for people who do not see, or do not use a mouse. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../dashboards/web/package.json', import.meta.url));
const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

async function violations(page, rules) {
  await page.evaluate(axe);
  return (await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), rules)).violations;
}
const told = (found) => found.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 160)).slice(0, 5)]);

/** Nothing serious or worse, nor against good practice. */
export async function check(page) {
  const found = await violations(page, [...WCAG, 'best-practice']);
  assert.deepEqual(told(found.filter(({ impact }) => impact === 'serious' || impact === 'critical')), []);
}

/** Nothing at all against WCAG, however small. */
export async function checkAll(page) {
  assert.deepEqual(told(await violations(page, WCAG)), []);
}
