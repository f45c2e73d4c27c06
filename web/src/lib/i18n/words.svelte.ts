import { createContext } from 'svelte';
import { en } from './en';
import { fi } from './fi';

/** Plain text or a function that makes it; both languages must have the same shape. */
type Widened<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Widened<T[K]>;
};

export type Catalogue = Widened<typeof en>;

export const LOCALES = ['en', 'fi'] as const;
export type Locale = (typeof LOCALES)[number];

const CATALOGUES: Readonly<Record<Locale, Catalogue>> = { en, fi };
const STORED = 'handfast.locale';

export function isLocale(value: unknown): value is Locale {
  return LOCALES.some((locale) => locale === value);
}

/** What was chosen before, else the first of the browser's languages that we speak, else English. */
export function preferredLocale(stored: string | null, languages: readonly string[]): Locale {
  if (isLocale(stored)) return stored;
  for (const language of languages) {
    const short = language.slice(0, 2).toLowerCase();
    if (isLocale(short)) return short;
  }
  return 'en';
}

function remembered(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // storage can be forbidden; the choice then lasts as long as the page
  }
}

/** The words of the page and how it writes numbers and times. */
export class Words {
  locale = $state<Locale>('en');
  readonly t: Catalogue = $derived(CATALOGUES[this.locale]);
  readonly #times = $derived(
    new Intl.DateTimeFormat(this.#tag, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
  );
  readonly #days = $derived(
    new Intl.DateTimeFormat(this.#tag, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }),
  );
  readonly #moments = $derived(
    new Intl.DateTimeFormat(this.#tag, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }),
  );
  readonly #numbers = $derived(new Intl.NumberFormat(this.#tag));

  constructor(locale: Locale = preferredLocale(remembered(), navigator.languages)) {
    this.choose(locale);
  }

  get #tag(): string {
    return this.locale === 'fi' ? 'fi-FI' : 'en-GB';
  }

  choose(locale: Locale): void {
    this.locale = locale;
    document.documentElement.lang = locale;
    try {
      localStorage.setItem(STORED, locale);
    } catch {
      // see `remembered`
    }
  }

  /** Hours, minutes, seconds in the browser's zone. */
  time(instant: string | number): string {
    return this.#times.format(new Date(instant));
  }

  /** Date, hours and minutes in the browser's zone. */
  date(instant: string | number): string {
    return this.#days.format(new Date(instant));
  }

  /** Date, hours, minutes and seconds in the browser's zone. */
  moment(instant: string | number): string {
    return this.#moments.format(new Date(instant));
  }

  number(value: number): string {
    return this.#numbers.format(value);
  }
}

/** `mm:ss`, or `h:mm:ss` from an hour on; seconds are whole and not negative. */
export function clockText(seconds: number): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

export const [useWords, provideWords] = createContext<Words>();
