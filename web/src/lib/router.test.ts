import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fill, match, Router } from './router.svelte';

const PATTERNS = { home: '/', incidents: '/incidents', incident: '/incidents/:id' };

describe('patterns', () => {
  it('fit whole paths only and read their parameters', () => {
    expect(match('/incidents/:id', '/incidents/a%20b')).toEqual({ id: 'a b' });
    expect(match('/incidents/:id', '/incidents')).toBeNull();
    expect(match('/incidents', '/incidents/7')).toBeNull();
    expect(match('/', '/')).toEqual({});
    expect(match('/incidents', '/incidents/')).toEqual({});
  });

  it('survive an address that no browser would write', () => {
    expect(match('/incidents/:id', '/incidents/%zz')).toEqual({ id: '%zz' });
  });

  it('are filled so that they fit again', () => {
    const id = 'a/b ?#%';
    expect(match('/incidents/:id', fill('/incidents/:id', { id }))).toEqual({ id });
  });
});

describe('the router', () => {
  let stop: () => void;
  let router: Router<keyof typeof PATTERNS>;

  beforeEach(() => {
    history.replaceState(null, '', '/officer/incidents/7');
    router = new Router('/officer', PATTERNS);
    stop = router.listen();
  });
  afterEach(() => {
    stop();
    document.body.replaceChildren();
  });

  function click(href: string, init: MouseEventInit = {}): boolean {
    const link = document.createElement('a');
    link.href = href;
    document.body.append(link);
    return link.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, ...init }));
  }

  it('opens where the address says', () => {
    expect(router.route).toEqual({ name: 'incident', params: { id: '7' } });
  });

  it('follows a click on a link below its base without leaving the page', () => {
    expect(click('/officer/incidents')).toBe(false);
    expect(router.route.name).toBe('incidents');
    expect(location.pathname).toBe('/officer/incidents');
  });

  it('leaves links alone that open elsewhere or in a new window', () => {
    for (const [href, init] of [
      ['https://example.org/officer/', {}],
      ['/ownership', {}],
      ['/officer/incidents', { ctrlKey: true }],
    ] as const) {
      const stopped = (event: Event): void => event.preventDefault(); // jsdom cannot navigate
      window.addEventListener('click', stopped);
      click(href, init);
      window.removeEventListener('click', stopped);
      expect(location.pathname).toBe('/officer/incidents/7');
    }
  });

  it('says so when there is no such page', () => {
    router.go('home');
    history.replaceState(null, '', '/officer/nowhere');
    window.dispatchEvent(new PopStateEvent('popstate'));
    expect(router.route.name).toBeNull();
  });
});
