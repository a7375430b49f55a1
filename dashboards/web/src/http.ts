/** Requests to the server this page came from. Never throws: what went wrong is said in words, and by the answer's
 * status if there was an answer. */

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string; readonly status?: number };
/** By what whoever asks is to show again who they are. */
export type ProofBy = 'password' | 'provider';
/** As an Answer; `proof`: no file was made, as that has to be shown first. */
export type FileAnswer = Answer<string> & { readonly proof?: ProofBy };

const TIMEOUT_MS = 10_000;
/** Who somebody is was shown too long ago for this (RFC 9470 §3 calls it so). */
const PROOF_TOO_OLD = 'insufficient_user_authentication';

async function request<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS), credentials: 'same-origin' });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: body as T };
    const error = body && typeof body === 'object' && 'error' in body ? String(body.error) : '';
    return { ok: false, error: error || `the server answered ${response.status}`, status: response.status };
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

/** Ask for a file and hand it to the browser to keep; return its name. */
export async function postForFile(path: string, body: unknown): Promise<FileAnswer> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      credentials: 'same-origin',
    });
    if (!response.ok) {
      const problem: unknown = await response.json().catch(() => null);
      const error = problem && typeof problem === 'object' && 'error' in problem ? String(problem.error) : '';
      const told = { ok: false, error: error || `the server answered ${response.status}` } as const;
      if (!problem || typeof problem !== 'object' || !('code' in problem) || problem.code !== PROOF_TOO_OLD) return told;
      return { ...told, proof: 'by' in problem && problem.by === 'provider' ? 'provider' : 'password' };
    }
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
