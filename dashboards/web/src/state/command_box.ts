/** What the command box offers and how it is searched. */
export interface Offer {
  readonly id: string;
  readonly kind: 'page' | 'act' | 'incident';
  readonly text: string;
  /** The key that does the same, as it is written; "" for none. */
  readonly key: string;
  readonly run: () => void;
}

/** So many are shown. */
export const MOST_OFFERED = 12;

/** Those in which each of the words begins a word, in their order. */
export function matching(offers: readonly Offer[], words: string): readonly Offer[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const has = ({ text, kind }: Offer): boolean => {
    const parts = `${kind} ${text}`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
    return wanted.every((word) => parts.some((part) => part.startsWith(word)));
  };
  return offers.filter(has).slice(0, MOST_OFFERED);
}
