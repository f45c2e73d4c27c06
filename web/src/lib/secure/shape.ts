/** Readers for JSON of a known form: each returns a typed value or refuses with the place. */

import { isUuid, unb64 } from './bytes';
import { Refused } from './refused';

export type Reader<T> = (value: unknown, where: string) => T;
export type Read<R> = R extends Reader<infer T> ? T : never;

function wrong(where: string, expected: string): Refused {
  return new Refused('malformed', `${where} is not ${expected}`);
}

export const text: Reader<string> = (value, where) => {
  if (typeof value !== 'string') throw wrong(where, 'text');
  return value;
};

export const flag: Reader<boolean> = (value, where) => {
  if (typeof value !== 'boolean') throw wrong(where, 'true or false');
  return value;
};

/** Any finite number. */
export const real: Reader<number> = (value, where) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(where, 'a number');
  return value;
};

/** A whole number that arithmetic here keeps exact. */
export const whole: Reader<number> = (value, where) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrong(where, 'a whole number');
  return value;
};

/** A whole number from 0 on: counts, sizes, instants in microseconds. */
export const count: Reader<number> = (value, where) => {
  const number = whole(value, where);
  if (number < 0) throw wrong(where, 'a number from 0 on');
  return number;
};

export const uuid: Reader<string> = (value, where) => {
  if (typeof value !== 'string' || !isUuid(value)) throw wrong(where, 'a UUID');
  return value;
};

/** base64url text of exactly `length` bytes; the text is kept, it is what others compare. */
export function b64Of(length: number): Reader<string> {
  return (value, where) => {
    if (unb64(text(value, where)).length !== length) throw wrong(where, `${length} bytes in base64url`);
    return value as string;
  };
}

export const key32 = b64Of(32);
export const id16 = b64Of(16);

/** base64url text of any length. */
export const b64Text: Reader<string> = (value, where) => {
  unb64(text(value, where));
  return value as string;
};

export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (value, where) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw wrong(where, `one of ${words.join(', ')}`);
    return found;
  };
}

export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (value, where) => (value === null ? null : reader(value, where));
}

/** A field that older writers leave out; it is then left out of what was read, too. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, where) => (value === undefined ? undefined : reader(value, where));
}

export function list<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw wrong(where, 'a list');
    return value.map((item: unknown, index) => reader(item, `${where}[${index}]`));
  };
}

export function tuple<T extends readonly Reader<unknown>[]>(
  ...readers: T
): Reader<{ readonly [K in keyof T]: Read<T[K]> }> {
  return (value, where) => {
    if (!Array.isArray(value) || value.length !== readers.length) {
      throw wrong(where, `a list of ${readers.length}`);
    }
    const items = readers.map((reader, index) => reader(value[index], `${where}[${index}]`));
    return items as unknown as { readonly [K in keyof T]: Read<T[K]> };
  };
}

type Fields = Readonly<Record<string, Reader<unknown>>>;
type Shape<F extends Fields> = { readonly [K in keyof F]: Read<F[K]> };

/** Exactly these fields: a signed field that nobody here understands must not be passed over. */
export function exactly<F extends Fields>(fields: F): Reader<Shape<F>> {
  const open = atLeast(fields);
  return (value, where) => {
    const known = open(value, where);
    const extra = Object.keys(value as object).find((name) => !(name in fields));
    if (extra !== undefined) throw wrong(`${where}.${extra}`, 'known in this version');
    return known;
  };
}

/** At least these fields, for carriers that may grow. */
export function atLeast<F extends Fields>(fields: F): Reader<Shape<F>> {
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw wrong(where, 'an object');
    }
    const given = value as Readonly<Record<string, unknown>>;
    const entries = Object.entries(fields).map(([name, reader]) => [
      name,
      reader(Object.hasOwn(given, name) ? given[name] : undefined, `${where}.${name}`),
    ]);
    return Object.fromEntries(entries.filter(([, read]) => read !== undefined)) as Shape<F>;
  };
}

/** JSON text as an unknown value. */
export function parseJson(source: string, where: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    throw wrong(where, 'JSON');
  }
}
