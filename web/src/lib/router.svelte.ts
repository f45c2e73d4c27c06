/**
 * A small history router: a table of patterns, one current route, links that stay in the page.
 * Pages live under a base such as `/officer`; the server answers every path below it with the
 * same document, so that a copied address opens where it was copied.
 */

export type Params = Readonly<Record<string, string>>;

export interface Route<Name extends string> {
  /** Null when no pattern fits: there is no such page. */
  readonly name: Name | null;
  readonly params: Params;
}

/** `/incidents/:id` and the like; the first pattern that fits wins. */
export type Patterns<Name extends string> = Readonly<Record<Name, string>>;

function segments(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray percent sign is a name nobody has, not a crash
  }
}

/** Returns the parameters when `path` fits `pattern`, else null. */
export function match(pattern: string, path: string): Params | null {
  const wanted = segments(pattern);
  const given = segments(path);
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decoded(value);
    else if (part !== value) return null;
  }
  return params;
}

/** Writes the path of a pattern with its parameters filled in. */
export function fill(pattern: string, params: Params = {}): string {
  const parts = segments(pattern).map((part) =>
    part.startsWith(':') ? encodeURIComponent(params[part.slice(1)] ?? '') : part,
  );
  return '/' + parts.join('/');
}

export class Router<Name extends string> {
  readonly #base: string;
  readonly #patterns: Patterns<Name>;
  #path = $state('/');
  readonly route: Route<Name> = $derived.by(() => this.#find(this.#path));

  constructor(base: string, patterns: Patterns<Name>) {
    this.#base = base.replace(/\/$/, '');
    this.#patterns = patterns;
    this.#read();
  }

  /** Follows the browser's buttons and plain clicks on links below the base; returns the undoing. */
  listen(): () => void {
    const back = (): void => this.#read();
    const click = (event: MouseEvent): void => this.#click(event);
    window.addEventListener('popstate', back);
    document.addEventListener('click', click);
    return () => {
      window.removeEventListener('popstate', back);
      document.removeEventListener('click', click);
    };
  }

  href(name: Name, params?: Params): string {
    return this.#base + fill(this.#patterns[name], params);
  }

  go(name: Name, params?: Params): void {
    this.#move(this.href(name, params));
  }

  #move(href: string): void {
    if (href !== location.pathname + location.search) history.pushState(null, '', href);
    this.#read();
  }

  #read(): void {
    const path = location.pathname;
    this.#path = path.startsWith(this.#base) ? path.slice(this.#base.length) : '/';
  }

  #find(path: string): Route<Name> {
    for (const name of Object.keys(this.#patterns) as Name[]) {
      const params = match(this.#patterns[name], path);
      if (params) return { name, params };
    }
    return { name: null, params: {} };
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || !`${url.pathname}/`.startsWith(`${this.#base}/`)) return;
    if (url.hash) return;
    event.preventDefault();
    this.#move(url.pathname + url.search);
  }
}
