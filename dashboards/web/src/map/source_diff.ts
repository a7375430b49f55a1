/** The least change that brings a map source from what it shows to what it should show. */

export interface Row {
  readonly id: string;
  readonly geometry: GeoJSON.Geometry;
  readonly properties: Readonly<Record<string, string | number | boolean>>;
}

export interface Diff {
  readonly remove: string[];
  readonly add: GeoJSON.Feature[];
}

const feature = (row: Row): GeoJSON.Feature => ({
  type: 'Feature',
  id: row.id,
  geometry: row.geometry,
  properties: { ...row.properties, id: row.id },
});

export class SourceContent {
  #shown = new Map<string, { readonly row: Row; readonly print: string }>();

  get size(): number {
    return this.#shown.size;
  }

  /** Return what changed since the last call; null when nothing did. A changed feature is removed and added. */
  update(rows: readonly Row[]): Diff | null {
    const next = new Map<string, { readonly row: Row; readonly print: string }>();
    const remove: string[] = [];
    const add: GeoJSON.Feature[] = [];
    for (const row of rows) {
      const before = this.#shown.get(row.id);
      // The very same row as before is not looked at: of thousands a second few are others.
      const print = before?.row === row ? before.print : JSON.stringify([row.properties, row.geometry]);
      next.set(row.id, { row, print });
      if (before?.print === print) continue;
      if (before !== undefined) remove.push(row.id);
      add.push(feature(row));
    }
    for (const id of this.#shown.keys()) if (!next.has(id)) remove.push(id);
    this.#shown = next;
    return remove.length || add.length ? { remove, add } : null;
  }
}
