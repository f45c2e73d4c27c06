import type { Words } from '$lib/i18n/words.svelte';

/** The words of a named thing, or its name when this version does not know it. */
export function named(table: object, name: string): string {
  const found = (table as Readonly<Record<string, unknown>>)[name];
  return typeof found === 'string' ? found : name;
}

/** Why somebody looks; an incident's name that only repeats the purpose is left out. */
export function whyLooks(words: Words, purpose: string, title: string): string {
  const said = named(words.t.owner.purposes, purpose);
  return words.t.owner.start.watching.why(said, said.includes(title.toLowerCase()) ? '' : title);
}

/** A person as every screen names them: name, role, agency. */
export function whoIs(words: Words, name: string, role: string, ...agency: readonly string[]): string {
  return [name, named(words.t.owner.roles, role), ...agency].join(', ');
}

/** Microseconds since 1970 as an RFC 3339 instant, as `Countdown` and `<time>` want it. */
export function instant(us: number): string {
  return new Date(us / 1000).toISOString();
}

/** Whole minutes or hours in words; seconds are rounded to minutes, never to nothing. */
export function span(words: Words, seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const { t } = words;
  return minutes % 60 === 0 ? t.owner.hours(minutes / 60) : t.owner.minutes(minutes);
}

/** Metres, or kilometres from one on, rounded to what matters to a person. */
export function metres(words: Words, value: number): string {
  if (value >= 1000) return `${words.number(Math.round(value / 100) / 10)} km`;
  return words.t.common.metres(words.number(Math.round(value / 10) * 10));
}

/** `a, b and c`. */
export function joined(words: Words, parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  if (parts.length < 2) return last;
  return `${parts.slice(0, -1).join(', ')} ${words.t.owner.alarm.and} ${last}`;
}

/** Lets the browser save text under a name. */
export function save(name: string, text: string, type = 'application/json'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
