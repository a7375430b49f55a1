/** Requests to the server this page came from. Never throws: what went wrong is said in words, and by the answer's
 * status if there was an answer. */

/** By what whoever asks is to show again who they are. */
export type ProofBy = 'password' | 'provider';
/** `proof`: nothing was done, as that has to be shown first. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string; readonly status?: number; readonly proof?: ProofBy };

const TIMEOUT_MS = 10_000;
/** Who somebody is was shown too long ago for this (RFC 9470 §3 calls it so). */
const PROOF_TOO_OLD = 'insufficient_user_authentication';

function refusalOf(body: unknown, status: number): Answer<never> {
  const told = body && typeof body === 'object' ? (body as Readonly<Record<string, unknown>>) : {};
  const refusal = { ok: false, error: told['error'] ? String(told['error']) : `the server answered ${status}`, status } as const;
  if (told['code'] !== PROOF_TOO_OLD) return refusal;
  return { ...refusal, proof: told['by'] === 'provider' ? 'provider' : 'password' };
}

async function request<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS), credentials: 'same-origin' });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: body as T };
    return refusalOf(body, response.status);
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

/** Send the bytes of a file. `told`: how much of it has left, 0 to 1; fetch cannot tell that. */
export function sendFile(path: string, file: Blob, told: (share: number) => void): Promise<Answer<unknown>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) => told(event.total ? event.loaded / event.total : 0);
    request.onerror = () => resolve({ ok: false, error: 'the server cannot be reached' });
    request.onload = () => {
      const body: unknown = request.response;
      if (request.status === 200) return resolve({ ok: true, value: body });
      return resolve(refusalOf(body, request.status));
    };
    request.send(file);
  });
}

/** Ask for a file and hand it to the browser to keep; return its name. */
export async function postForFile(path: string, body: unknown): Promise<Answer<string>> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      credentials: 'same-origin',
    });
    if (!response.ok) return refusalOf(await response.json().catch(() => null), response.status);
    const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'watchfloor.csv';
    const address = URL.createObjectURL(await response.blob());
    Object.assign(document.createElement('a'), { href: address, download: name }).click();
    URL.revokeObjectURL(address);
    return { ok: true, value: name };
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    return { ok: false, error: late ? 'the server did not answer in time' : 'the server cannot be reached' };
  }
}
