/** Builds the service worker beside the page, and tells it which files the field page is made of. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin, type Rolldown } from 'vite';

const ENTRY = 'FieldPage.svelte';
/** Other scripts' fonts are fetched, and kept, when something is written in them. */
const OTHER_FONTS = /\/inter-(?!latin-wght)[^/]*\.woff2?$/;
/** What draws on the map: nobody does on a phone. */
const DRAWING_TOOL = /\/drawing_tool-/;
/** What is always needed and named nowhere in the chunks: the map's worker, and what an installed page shows. */
const MAP_WORKER = /maplibre-gl-worker/;
const FIXED = ['/field.webmanifest', '/icon.svg', '/icons/192.png', '/icons/512.png'];

type Bundle = Rolldown.OutputBundle;

export function serviceWorker(): Plugin {
  let root = '';
  let outDir = '';
  return {
    name: 'watchfloor-service-worker',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      outDir = join(config.root, config.build.outDir);
    },
    async writeBundle(_, bundle) {
      const files = [...filesOf(bundle).map((name) => `/${name}`), ...FIXED];
      const edition = createHash('sha256').update(files.join('\n')).update(await readFile(join(outDir, 'index.html')));
      for (const path of FIXED) edition.update(await readFile(join(outDir, path)));
      await build({
        configFile: false,
        root,
        publicDir: false,
        logLevel: 'warn',
        define: { __FILES__: JSON.stringify(files), __EDITION__: JSON.stringify(edition.digest('hex').slice(0, 12)) },
        build: {
          target: 'es2022',
          outDir,
          emptyOutDir: false,
          // A classic script in one file: not every browser takes a module as a service worker.
          lib: { entry: join(root, 'src/service_worker.ts'), formats: ['iife'], name: 'worker', fileName: () => 'service_worker.js' },
        },
      });
    },
  };
}

/** The files of the field page: what its chunk and the first one import, now or later, with their styles and fonts. */
function filesOf(bundle: Bundle): string[] {
  const chunks = Object.values(bundle).filter((one) => one.type === 'chunk');
  const first = chunks.find((one) => one.isEntry);
  const page = chunks.find((one) => one.facadeModuleId?.endsWith(ENTRY));
  if (!first || !page) throw new Error(`no chunk of ${ENTRY}: the service worker would keep nothing`);
  const found = new Set<string>();
  const visit = (name: string, withLater: boolean): void => {
    const chunk = bundle[name];
    if (chunk?.type !== 'chunk' || found.has(name) || DRAWING_TOOL.test(name)) return;
    found.add(name);
    for (const file of chunk.viteMetadata?.importedCss ?? []) found.add(file);
    for (const file of chunk.viteMetadata?.importedAssets ?? []) found.add(file);
    for (const next of chunk.imports) visit(next, withLater);
    if (withLater) for (const next of chunk.dynamicImports) visit(next, true);
  };
  visit(page.fileName, true);
  visit(first.fileName, false);
  const workers = Object.keys(bundle).filter((name) => MAP_WORKER.test(name));
  return [...new Set([...found, ...workers])].filter((name) => !OTHER_FONTS.test(`/${name}`) && !name.endsWith('.woff')).sort();
}
