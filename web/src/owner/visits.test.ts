import { describe, expect, it } from 'vitest';
import type { GrantNow } from '$lib/node/client';
import type { Look, Looked, Refusal } from '$lib/node/looked';
import { told, visits, watchers, type Visit } from './visits';

const MINUTE_US = 60_000_000;
const who = { name: 'A. Example', role: 'officer', agency: 'City Police', purpose: 'emergency', comment: '', proofs: [] };

function look(id: string, minute: number, changes: Partial<Look> = {}): Look {
  const atUs = minute * MINUTE_US;
  return {
    ...who, kind: 'look', id, title: '', camera: 'Yard', view: 'live', rendition: 'clear', track: null, trackKind: null, range: null,
    atUs, endsUs: atUs + MINUTE_US, endedUs: atUs + MINUTE_US, viewedUs: MINUTE_US, reason: 'owner-closed',
    proof: { state: 'proved', index: 1, endIndex: 2 }, ...changes,
  };
}

const idsOf = (lines: readonly Looked[]): unknown[] =>
  visits(lines).map((each) => ('lines' in each ? each.lines.map(({ id }) => id) : each.id));

describe('a visit', () => {
  it('is what one person opened for one purpose without a long break', () => {
    const other = look('c', 41, { name: 'B. Example' });
    expect(idsOf([look('d', 42), other, look('b', 40), look('a', 10)])).toEqual([['d', 'b'], 'c', 'a']);
  });

  it('never takes in a refusal, a person made clear, or what is not proved', () => {
    const refusal: Refusal = { ...who, kind: 'refusal', id: 'r', title: '', camera: '', atUs: 42 * MINUTE_US, reason: '', explanation: '', proof: { state: 'proved', index: 1, endIndex: null } };
    const broken = look('x', 42, { proof: { state: 'broken', reason: 'changed' } });
    expect(idsOf([look('e', 43), broken, refusal, look('t', 42, { track: 3 }), look('a', 41)])).toEqual([['e', 'a'], 'x', 'r', 't']);
  });

  it('is told by its cameras, its kinds of picture, and its first and last instant', () => {
    const lines: Visit['lines'] = [look('c', 44, { view: 'recorded' }), look('b', 41, { camera: 'Gate', title: 'Intrusion' }), look('a', 40)];
    const all = { cameras: ['Gate', 'Yard'], live: true, recorded: true, title: 'Intrusion', reason: 'owner-closed', seen: true };
    expect(told({ key: 'c', lines })).toEqual({ ...all, fromUs: 40 * MINUTE_US, endedUs: 45 * MINUTE_US });
  });

  it('is open as long as any of it is', () => {
    const lines: Visit['lines'] = [look('b', 41, { endedUs: null, viewedUs: null, reason: null }), look('a', 40)];
    expect(told({ key: 'b', lines })).toMatchObject({ endedUs: null, reason: null });
  });
});

it('names a person who can look once, and each camera once with its latest end', () => {
  const grant: GrantNow = {
    grant: '1', name: 'A. Example', role: 'officer', agency_name: 'City Police', camera: 'y', camera_name: 'Yard', view: 'live', rendition: 'clear',
    purpose: 'emergency', incident_title: '', since_us: 1, ends_us: 5, until_us: 9,
  };
  const later = { ...grant, grant: '2', ends_us: 7, incident_title: 'Intrusion' };
  const [one, ...others] = watchers([grant, later, { ...grant, grant: '3', camera: 'g', camera_name: 'Gate' }]);
  expect(others).toEqual([]);
  expect(one?.title).toBe('Intrusion');
  expect(one?.opened.map(({ grants, endsUs }) => [grants.map((each) => each.grant), endsUs])).toEqual([[['1', '2'], 7], [['3'], 5]]);
});
