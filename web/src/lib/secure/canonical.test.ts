// @vitest-environment node
import { expect, it } from 'vitest';
import { fromUtf8, unb64, unbase64, uuidBytes, uuidText } from './bytes';
import { canonical } from './canonical';

it('sorts by UTF-16 code units and writes numbers as ECMAScript does (RFC 8785 3.2.3)', () => {
  const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  expect(fromUtf8(canonical(value))).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  expect(fromUtf8(canonical([1e21, 0.002, -0, 333333333.3333333, true, null]))).toBe('[1e+21,0.002,0,333333333.3333333,true,null]');
});

it('leaves out fields that are not there and refuses half a character', () => {
  expect(fromUtf8(canonical({ a: undefined, b: 1 }))).toBe('{"b":1}');
  expect(() => canonical('\ud83d')).toThrow(expect.objectContaining({ code: 'malformed' }));
  expect(() => canonical(Infinity)).toThrow(expect.objectContaining({ code: 'malformed' }));
});

it('reads one text for one value: no padding, no stray bits, no other alphabet', () => {
  expect(unb64('_-8')).toEqual(Uint8Array.of(255, 239));
  for (const text of ['_-8=', '_-9', 'a', 'a+b/', 'a b']) expect(() => unb64(text)).toThrow();
  for (const text of ['YQ', 'YR==', 'Y-==', '=']) expect(() => unbase64(text)).toThrow();
});

it('turns UUIDs to bytes and back', () => {
  const text = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect(uuidText(uuidBytes(text))).toBe(text);
  for (const wrong of ['', text.toUpperCase(), text.slice(1)]) expect(() => uuidBytes(wrong)).toThrow();
});
