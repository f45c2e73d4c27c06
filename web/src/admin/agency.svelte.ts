import { deviceHere, type Device } from '$lib/device';
import { IDLE, type Loadable } from '$lib/loadable';
import type { PendingDevice, Person } from '$lib/types';

export interface Member {
  readonly person: Person;
  readonly devices: number;
}

/** What the administrator's page knows; idle until an administrator device signs in. */
export class Agency {
  device = $state.raw<Device>(deviceHere());
  pending = $state.raw<Loadable<readonly PendingDevice[]>>(IDLE);
  members = $state.raw<Loadable<readonly Member[]>>(IDLE);
}
