/** The one set of algorithms known here (segment-format.md, "Suite 1"). */

import { Refused } from './refused';
import { type Reader, whole } from './shape';

export const SUITE = 1;

/** Reads a suite number and refuses every other one. */
export const suite: Reader<typeof SUITE> = (value, where) => {
  if (whole(value, where) !== SUITE) {
    throw new Refused('unknown-suite', `${where} ${String(value)} is not known; load a newer page`);
  }
  return SUITE;
};
