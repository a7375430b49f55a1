/** Requests to the server this page came from. Never throws: what went wrong is said in words. */

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

const TIMEOUT_MS = 10_000;

async function request<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS), credentials: 'same-origin' });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: body as T };
    const error = body && typeof body === 'object' && 'error' in body ? String(body.error) : '';
    return { ok: false, error: error || `the server answered ${response.status}` };
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    return { ok: false, error: late ? 'the server did not answer in time' : 'the server cannot be reached' };
  }
}

export const getJson = <T>(path: string): Promise<Answer<T>> =>
  request<T>(path, { headers: { accept: 'application/json' } });

export const postJson = <T>(path: string, body: unknown): Promise<Answer<T>> =>
  request<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
