import type { Catalogue } from '$lib/i18n/words.svelte';
import type { Incident } from '$lib/types';

/** An alarm's incident in the reader's language; what a person wrote stays as it is. */
export function titleOf(incident: Pick<Incident, 'kind' | 'title' | 'openedBy'>, words: Catalogue): string {
  const alarms: Readonly<Record<string, string>> = words.officer.alarms;
  if (incident.openedBy === 'person' || !Object.hasOwn(alarms, incident.kind)) return incident.title;
  return alarms[incident.kind] ?? incident.title;
}
