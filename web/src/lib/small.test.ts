import { describe, expect, it } from 'vitest';
import { HELSINKI, readConfig } from './config';
import { deviceHere } from './device';
import { loaded, valueOr } from './loadable';
import { Now } from './now.svelte';
import { ownAsset } from './trusted';

describe('the settings of a page', () => {
  it('are complete whatever the server leaves out', () => {
    expect(readConfig({ hub: 'https://hub.example/' })).toEqual({
      hub: 'https://hub.example',
      organisation: '',
      center: HELSINKI,
      basemap: '/map/helsinki.pmtiles',
      hubId: '',
      agency: '',
      root: '',
      demo: false,
      tour: null,
    });
  });

  it('are refused when they are no object', () => {
    expect(() => readConfig('<html>')).toThrow(TypeError);
  });
});

describe('workers', () => {
  const here = 'https://agency.example/officer/';

  it('start from our own assets only', () => {
    expect(ownAsset('/assets/worker-abc.js', here)).toBe('/assets/worker-abc.js');
    for (const url of ['https://hub.example/assets/w.js', '/map/w.js', 'blob:x', 'data:text/js,1']) {
      expect(() => ownAsset(url, here)).toThrow(TypeError);
    }
  });
});

describe('time', () => {
  it('counts down by the server, not by a wrong clock of this device', () => {
    let clock = Date.parse('2020-01-01T00:00:00Z');
    const now = new Now(() => clock);
    now.correct('2026-03-04T12:00:00Z');
    expect(now.secondsUntil('2026-03-04T12:00:30Z')).toBe(30);
    clock += 29_500;
    now.tick();
    expect(now.secondsUntil('2026-03-04T12:00:30Z')).toBe(1);
    clock += 60_000;
    now.tick();
    expect(now.secondsUntil('2026-03-04T12:00:30Z')).toBe(0);
  });
});

describe('a value from elsewhere', () => {
  it('is there, denied or failed, and never silently empty', () => {
    const denial = { reason: 'r', sentence: 's' };
    expect(loaded({ outcome: 'ok', value: 3 })).toEqual({ state: 'ready', value: 3 });
    expect(loaded({ outcome: 'denied', denial })).toEqual({ state: 'denied', denial });
    expect(valueOr({ state: 'loading' }, 7)).toBe(7);
  });
});

describe('a device', () => {
  it('can hold no key on an insecure address', () => {
    expect(deviceHere(false).state).toBe('insecure');
    expect(deviceHere(true).state).toBe('none');
  });
});
