/** Asking what became of the picture of a read. */
import { getJson, type Answer } from '../http';
import { ASK_AGAIN_MS, ASKED_AT_MOST, type ImageState } from './picture';

/** Ask, and a few times more while it is on its way: the alert comes sooner than its picture. Return how to stop. */
export function askForPicture(readId: string, heard: (answer: Answer<ImageState>) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let left = ASKED_AT_MOST;
  let gone = false;
  const ask = async (): Promise<void> => {
    const answer = await getJson<ImageState>(`/api/images/${readId}`);
    if (gone) return;
    heard(answer);
    left -= 1;
    if ((!answer.ok || answer.value.state === 'wanted') && left > 0) timer = setTimeout(() => void ask(), ASK_AGAIN_MS);
  };
  void ask();
  return () => {
    gone = true;
    clearTimeout(timer);
  };
}
