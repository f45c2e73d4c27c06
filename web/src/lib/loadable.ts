import type { Answer } from './api';
import type { Problem } from './problem';
import type { Denial } from './types';

/** A value that comes from elsewhere; a screen shows each of these states in words. */
export type Loadable<T> =
  | { readonly state: 'idle' }
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'denied'; readonly denial: Denial }
  | { readonly state: 'failed'; readonly problem: Problem };

/** Nobody has asked yet, for example because this device is not enrolled. */
export const IDLE = { state: 'idle' } as const;
export const LOADING = { state: 'loading' } as const;

export function ready<T>(value: T): Loadable<T> {
  return { state: 'ready', value };
}

export function loaded<T>(answer: Answer<T>): Loadable<T> {
  switch (answer.outcome) {
    case 'ok':
      return ready(answer.value);
    case 'denied':
      return { state: 'denied', denial: answer.denial };
    case 'failed':
      return { state: 'failed', problem: answer.problem };
  }
}

/** The value when it is there, else `otherwise`. */
export function valueOr<T>(loadable: Loadable<T>, otherwise: T): T {
  return loadable.state === 'ready' ? loadable.value : otherwise;
}
