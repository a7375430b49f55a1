/** Whether this device is told when no page of ours is open, and the other devices of whoever is signed in. */
import { getJson, postJson, type Answer } from '../http';
import { deviceName, type PushBrowser, type Subscribed } from '../worker/push_browser';

export interface Device { readonly device: string; readonly name: string; readonly made_at: number }
/** What GET /api/push says. `key`: of whom a browser is to take messages; "": nobody is told on devices. */
export interface PushStanding { readonly key: string; readonly devices: readonly Device[] }
export type PushState = 'looking' | 'unsupported' | 'no-key' | 'denied' | 'off' | 'on';

const KEPT = 'watchfloor.push';
type Keep = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** A device's id, as the server makes it (compose/accounts/devices.py): the address itself never comes back. */
export async function deviceOf(endpoint: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('').slice(0, 32);
}

export class Push {
  state = $state<PushState>('looking');
  devices = $state.raw<readonly Device[]>([]);
  /** The id of this device while it is told; "" while not. */
  own = $state('');
  trouble = $state('');
  isBusy = $state(false);
  #key = '';

  constructor(
    private readonly account: string,
    private readonly browser: PushBrowser,
    private readonly get: (path: string) => Promise<Answer<PushStanding>> = getJson<PushStanding>,
    private readonly post: (path: string, body: unknown) => Promise<Answer<PushStanding>> = postJson<PushStanding>,
    private readonly kept: Keep = localStorage,
    private readonly name: string = deviceName(navigator.userAgent),
  ) {}

  /** Look how it is, and mend what changed while nobody looked. */
  look(): Promise<void> {
    return this.#do(async () => {
      this.#take(await this.get('/api/push'));
      const current = this.browser.isSupported ? await this.browser.current() : null;
      if (current && this.#key) await this.#mend(current);
      this.#show();
    });
  }

  /** Begin to be told; the browser asks for permission, if it was not asked before. Must come from a click. */
  turnOn(): Promise<void> {
    return this.#do(async () => {
      if ((await this.browser.ask()) === 'granted') await this.#enrol(await this.browser.subscribe(this.#key));
      this.#show();
    });
  }

  turnOff(): Promise<void> {
    return this.#do(async () => {
      const device = this.own;
      await (await this.browser.current())?.end();
      this.#forget();
      this.#take(await this.post('/api/push/remove', { device }));
      this.#show();
    });
  }

  /** Have another device told nothing more. */
  remove(device: string): Promise<void> {
    if (device === this.own) return this.turnOff();
    return this.#do(async () => this.#take(await this.post('/api/push/remove', { device })));
  }

  async #mend(current: Subscribed): Promise<void> {
    const device = await deviceOf(current.endpoint);
    const isOfKey = current.key === '' || current.key === this.#key;
    if (isOfKey && this.devices.some((one) => one.device === device)) {
      this.#note(device);
      return;
    }
    const [account, before] = (this.kept.getItem(KEPT) ?? '').split(' ');
    const isChanged = account === this.account && (before !== device || !isOfKey);
    // Removed by its person elsewhere, or another person's: this browser is told nothing for anybody.
    if (!isChanged || !isOfKey) await current.end();
    if (!isChanged) this.#forget();
    // The browser has another address, or the server another key: its person wants to be told all the same.
    else await this.#enrol(isOfKey ? current : await this.browser.subscribe(this.#key));
  }

  async #enrol({ endpoint, keys, end }: Subscribed): Promise<void> {
    const answer = await this.post('/api/push', { endpoint, keys, name: this.name });
    this.#take(answer);
    if (answer.ok) this.#note(await deviceOf(endpoint));
    else await end();
  }

  #take(answer: Answer<PushStanding>): void {
    if (!answer.ok) {
      this.trouble = `${answer.error[0]?.toUpperCase()}${answer.error.slice(1)}`;
      return;
    }
    this.#key = answer.value.key;
    this.devices = answer.value.devices;
  }

  #note(device: string): void {
    this.own = device;
    this.kept.setItem(KEPT, `${this.account} ${device}`);
  }

  #forget(): void {
    this.own = '';
    this.kept.removeItem(KEPT);
  }

  #show(): void {
    if (!this.browser.isSupported) this.state = 'unsupported';
    else if (!this.#key) this.state = this.trouble ? 'looking' : 'no-key';
    else if (this.browser.permission() === 'denied') this.state = 'denied';
    else this.state = this.own ? 'on' : 'off';
  }

  async #do(deed: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.trouble = '';
    try {
      await deed();
    } catch {
      this.trouble = 'The browser did not do it. Try again later.';
    } finally {
      this.isBusy = false;
    }
  }
}
