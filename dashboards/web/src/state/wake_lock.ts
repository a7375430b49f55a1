/** Keeps the screen from going dark. A browser gives that only to a page that came safely, and takes it back when hidden. */

interface Lock {
  readonly released: boolean;
  release(): Promise<void>;
}
export interface Wakefulness {
  request(type: 'screen'): Promise<Lock>;
}

/** Begin; tell whether the screen is held awake; return how to end. `page`: the document. */
export function keepAwake(
  wakeLock: Wakefulness | undefined,
  page: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>,
  told: (held: boolean) => void,
): () => void {
  let lock: Lock | null = null;
  let isOver = false;
  const ask = async (): Promise<void> => {
    if (page.hidden || isOver || (lock && !lock.released)) return;
    try {
      lock = (await wakeLock?.request('screen')) ?? null;
    } catch {
      lock = null;
    }
    if (isOver) void lock?.release();
    else told(lock !== null);
  };
  const seen = (): void => void ask();
  page.addEventListener('visibilitychange', seen);
  void ask();
  return () => {
    isOver = true;
    page.removeEventListener('visibilitychange', seen);
    void lock?.release();
  };
}
