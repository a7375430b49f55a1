/** The browser's own socket and clock, as the feed wants them. */
import type { FeedClock, Socket } from './feed';

/** Open a socket to the server this page came from. */
export function openSocket(subprotocol: string): Socket {
  const address = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/ws`;
  const socket = new WebSocket(address, subprotocol);
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code) => socket.close(code),
    set onopen(run: (() => void) | null) { socket.onopen = run; },
    set onmessage(run: ((event: { data: unknown }) => void) | null) { socket.onmessage = run; },
    set onclose(run: ((event: { code: number }) => void) | null) { socket.onclose = run; },
  };
}

export const wallClock: FeedClock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
