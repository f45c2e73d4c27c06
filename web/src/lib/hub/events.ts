/** What the hub tells a page that listens: first the present state, then what changes. */

import { isRecord } from '../problem';
import { readEnvelope, type Envelope } from '../secure/envelope';
import { Refused } from '../secure/refused';
import * as is from '../secure/shape';
import { Reconnecting, type SocketState } from '../socket';
import { incidentView, siteView, type IncidentView, type SiteView } from './client';

export type HubEvent =
  | { readonly type: 'site'; readonly site: SiteView }
  | { readonly type: 'signal'; readonly node: string; readonly signal: Envelope }
  | { readonly type: 'incident'; readonly incident: IncidentView }
  | { readonly type: 'decision'; readonly request: string; readonly decision: Envelope }
  | { readonly type: 'ended'; readonly grant: string; readonly ended: Envelope }
  /** The present state has been told. */
  | { readonly type: 'ready'; readonly atUs: number };

const site = is.atLeast({ site: siteView });
const signal = is.atLeast({ node: is.text, signal: readEnvelope });
const incident = is.atLeast({ incident: incidentView });
const decision = is.atLeast({ request: is.text, decision: readEnvelope });
const ended = is.atLeast({ grant: is.text, ended: readEnvelope });
const ready = is.atLeast({ at_us: is.count });

/** Null for a type of a newer hub; refuses what has another form than its type. */
export function readEvent(text: string): HubEvent | null {
  const body = is.parseJson(text, 'event');
  const type = isRecord(body) ? body['type'] : undefined;
  switch (type) {
    case 'site':
      return { type, ...site(body, type) };
    case 'signal':
      return { type, ...signal(body, type) };
    case 'incident':
      return { type, ...incident(body, type) };
    case 'decision':
      return { type, ...decision(body, type) };
    case 'ended':
      return { type, ...ended(body, type) };
    case 'ready':
      return { type, atUs: ready(body, type).at_us };
    default:
      if (typeof type !== 'string') throw new Refused('malformed', 'an event without a type');
      return null;
  }
}

export interface ListenOptions {
  /** Origin of the hub for WebSockets, for example `wss://hub.example`. */
  readonly origin: string;
  /** A token that holds now; rejects when none can be had, which is tried again. */
  readonly token: () => Promise<string>;
  /** The hub did not accept the token. */
  readonly onStranger: () => void;
  readonly onEvent: (event: HubEvent) => void;
  /** A message that could not be read; it is counted, never guessed at. */
  readonly onUnread: () => void;
  readonly onState: (state: SocketState) => void;
  readonly open?: (address: string) => WebSocket;
}

/** What the hub closes with when it does not know the token. */
const STRANGER = 4401;

/** Listens until the returned function is called; comes back by itself. */
export function listen(options: ListenOptions): () => void {
  let token = '';
  const socket = new Reconnecting({
    address: async () => {
      token = await options.token();
      return `${options.origin}/api/v1/events`;
    },
    onState: (state) => {
      if (state.state === 'open') socket.send(JSON.stringify({ token }));
      options.onState(state);
    },
    onMessage: (data) => {
      if (typeof data !== 'string') return options.onUnread();
      let event: HubEvent | null;
      try {
        event = readEvent(data);
      } catch {
        return options.onUnread();
      }
      if (event) options.onEvent(event);
    },
    onClose: (code) => {
      if (code === STRANGER) options.onStranger();
    },
    ...(options.open ? { open: options.open } : {}),
  });
  return () => socket.close();
}
