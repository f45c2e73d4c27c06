import { Api } from '$lib/api';
import { loaded, type Loadable, LOADING } from '$lib/loadable';
import { openCheckpointStore } from '$lib/node/checkpoint-store';
import { NodeClient } from '$lib/node/client';
import { OwnerDevice } from '$lib/node/own-device.svelte';
import { OwnLog } from '$lib/node/own-log';
import { takePairingLink } from '$lib/node/pairing-link';
import { loadNodeSettings, type NodeSettings } from '$lib/node/settings';
import { isRecord } from '$lib/problem';
import type { Identity } from '$lib/secure/device';
import { openIdentityStore } from '$lib/secure/identity-store';
import { SignedIn } from '$lib/signed-in';
import { Reconnecting } from '$lib/socket';
import { Site } from './site.svelte';

const BASE = '/api/v1';
/** The node's close code for a session that it does not know. */
const FORGOTTEN = 4403;
const LOOK_MS = 15_000;

function nowUs(): number {
  return Date.now() * 1000;
}

type OwnerDeviceParts =
  | 'device' | 'problem' | 'busy' | 'identity' | 'own' | 'code' | 'pair' | 'forget' | 'compared' | 'compareAgain';

/** What the owner's screens stand on; samples bring their own. */
export interface PageModel {
  readonly settings: Loadable<NodeSettings>;
  readonly device: Pick<OwnerDevice, OwnerDeviceParts> | null;
  readonly site: Site;
  /** Begins; returns the end. */
  start(): () => void;
  /** Logs the device in and listens; returns the end. */
  connect(identity: Identity): () => void;
}

/** The page as the node serves it. */
export class OwnerPage implements PageModel {
  settings = $state.raw<Loadable<NodeSettings>>(LOADING);
  device = $state.raw<OwnerDevice | null>(null);
  site = $state.raw(new Site());

  start(): () => void {
    void this.#begin();
    return () => this.device?.stop();
  }

  connect(identity: Identity): () => void {
    let end = (): void => undefined;
    let ended = false;
    void this.#connect(identity).then((found) => {
      if (ended) found();
      else end = found;
    });
    return () => {
      ended = true;
      end();
    };
  }

  async #begin(): Promise<void> {
    const link = takePairingLink();
    const settings = loaded(await loadNodeSettings());
    this.settings = settings;
    if (settings.state !== 'ready') return;
    this.device = new OwnerDevice({
      openStore: () => openIdentityStore(),
      node: new NodeClient(new Api({ origin: BASE })),
      settings: settings.value,
      link,
      nowUs,
      notes: localStorage,
    });
    await this.device.start();
  }

  async #connect(identity: Identity): Promise<() => void> {
    const { device, settings } = this;
    if (device === null || settings.state !== 'ready') return () => undefined;
    const { own } = device;
    const caller = new SignedIn({ base: BASE, audience: `node:${own.node}`, identity, nowUs });
    const client = new NodeClient(caller);
    const log = await OwnLog.open(client, await openCheckpointStore(), own.log);
    const site = new Site({ client, identity, own, place: settings.value.place, log, nowUs });
    this.site = site;
    void site.readAll();
    const socket = listen(caller, site);
    // A box that has stopped without hanging up is noticed, too.
    const timer = setInterval(() => void site.read('site'), LOOK_MS);
    return () => {
      clearInterval(timer);
      socket.close();
    };
  }
}

function listen(caller: SignedIn, site: Site): Reconnecting {
  const socket: Reconnecting = new Reconnecting({
    address: async () => {
      const session = await caller.session();
      if (session.outcome !== 'ok') throw new Error('no session');
      return `${location.origin.replace(/^http/, 'ws')}${BASE}/events`;
    },
    onMessage: (data) => {
      const kind = typeof data === 'string' ? eventKind(data) : '';
      site.heard = Date.now();
      site.rang(kind);
    },
    onState: (state) => {
      site.link = state;
      if (state.state === 'open') socket.send(JSON.stringify({ token: caller.token }));
    },
    onClose: (code) => {
      if (code === FORGOTTEN) caller.forget();
    },
  });
  return socket;
}

function eventKind(text: string): string {
  try {
    const event: unknown = JSON.parse(text);
    return isRecord(event) && typeof event['type'] === 'string' ? event['type'] : '';
  } catch {
    return '';
  }
}
