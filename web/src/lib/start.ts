import './ui/tokens.css';
import './ui/base.css';
import { mount, type Component } from 'svelte';
import Frame from './Frame.svelte';
import { loadConfig, type PageConfig } from './config';
import { trustOwnWorkers } from './trusted';

/** Starts a page: asks its server for the settings, then shows it or says why it cannot. */
export async function start(page: Component<{ config: PageConfig }>): Promise<void> {
  trustOwnWorkers();
  const target = document.getElementById('app');
  if (!target) throw new TypeError('the page has no element #app');
  mount(Frame, { target, props: { page, answer: await loadConfig() } });
}
