/** Canonical JSON (RFC 8785): equal values have equal bytes, so that bytes can be signed. */

import { type Bytes, utf8 } from './bytes';
import { Refused } from './refused';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

export function canonical(value: Json): Bytes {
  return utf8(write(value));
}

function write(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return writeNumber(value);
  if (typeof value === 'string') return writeString(value);
  if (isList(value)) return `[${value.map(write).join(',')}]`;
  // RFC 8785 3.2.3 sorts by UTF-16 code units, which is how JavaScript compares strings.
  const fields = Object.entries(value)
    .filter((entry): entry is [string, Json] => entry[1] !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${fields.map(([name, field]) => `${writeString(name)}:${write(field)}`).join(',')}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Refused('malformed', 'JSON has no infinity and no NaN');
  // RFC 8785 3.2.2.3 is ECMAScript's own number format; -0 becomes 0 there and here.
  return JSON.stringify(value);
}

function writeString(value: string): string {
  // A lone surrogate has no UTF-8 form; RFC 8785 3.2.2.2 says to stop.
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(value)) {
    throw new Refused('malformed', 'text with half a character (a lone surrogate)');
  }
  return JSON.stringify(value);
}
