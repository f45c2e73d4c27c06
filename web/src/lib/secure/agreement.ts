/** The agreement as clients read it (docs/reference/agreement.md): who is who, and until when. */

import type { Kind } from './envelope';
import { readRendition } from './rendition';
import * as is from './shape';
import { suite } from './suite';

const bySignal = is.exactly({
  type: is.oneOf('signal'),
  signal: is.text,
  linger_s: is.count,
  test_opens: is.flag,
});
const onRequest = is.exactly({
  type: is.oneOf('request'),
  approvals: is.count,
  answer_within_s: is.count,
});

type Circumstance = is.Read<typeof bySignal> | is.Read<typeof onRequest>;
const circumstance: is.Reader<Circumstance> = (value, where) => {
  const { type } = is.atLeast({ type: is.text })(value, where);
  return type === 'signal' ? bySignal(value, where) : onRequest(value, where);
};

const clause = is.exactly({
  id: is.text,
  roles: is.list(is.text),
  views: is.list(is.oneOf('live', 'recorded')),
  rendition: readRendition,
  cameras: is.orNull(is.list(is.text)),
  purposes: is.list(is.text),
  when: circumstance,
  look_back_s: is.count,
  longest_s: is.count,
  needs_incident: is.flag,
});

const party = is.exactly({ id: is.text, name: is.text, root: is.key32 });

const read = is.exactly({
  suite,
  agreement: is.text,
  serial: is.count,
  title: is.text,
  owner: party,
  agency: party,
  node: is.exactly({ id: is.text, sign: is.key32, log: is.text }),
  dispatch: is.key32,
  not_before_us: is.count,
  not_after_us: is.count,
  clauses: is.list(clause),
  never: is.list(is.text),
});

export type Agreement = is.Read<typeof read>;
export const agreement: Kind<Agreement> = { name: 'agreement', read };
