import { createContext } from 'svelte';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'good' | 'incident';
}

const SHOWN_MS = 6000;

/** Short messages that are read aloud; what must not be missed belongs on the screen instead. */
export class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 0;

  show(text: string, tone: Toast['tone'] = 'plain'): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-3), { id, text, tone }];
    setTimeout(() => this.drop(id), SHOWN_MS);
  }

  drop(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const [useToasts, provideToasts] = createContext<Toasts>();
