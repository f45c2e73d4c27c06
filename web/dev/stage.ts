/** Puts one part on a stage in jsdom, with a clock that stands still. */
import { createRawSnippet, flushSync, mount, unmount, type Component, type Snippet } from 'svelte';
import { Now } from '$lib/now.svelte';
import { Toasts } from '$lib/ui/toasts.svelte';
import Stage from './Stage.svelte';

export const NOON = '2026-03-04T12:00:00.000000Z';

export interface Staged {
  readonly element: HTMLElement;
  readonly now: Now;
  readonly toasts: Toasts;
  close(): void;
}

export function text(words: string): Snippet {
  return createRawSnippet(() => ({ render: () => `<span>${words}</span>` }));
}

/** Mounts `part` with its properties; the element is in the document until `close`. */
export function stage<P extends Record<string, unknown>>(part: Component<P>, props: P): Staged {
  const element = document.createElement('div');
  document.body.append(element);
  const now = new Now(() => Date.parse(NOON));
  const toasts = new Toasts();
  const children = ((anchor: Comment) => part(anchor as never, props)) as unknown as Snippet;
  const app = mount(Stage, { target: element, props: { now, toasts, children } });
  flushSync();
  return {
    element,
    now,
    toasts,
    close: () => {
      if (!element.isConnected) return;
      void unmount(app);
      element.remove();
    },
  };
}
