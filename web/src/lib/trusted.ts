/**
 * The page's policy demands trusted types for scripts. Svelte brings its own policy for its
 * templates; this default one lets workers start, from this origin's built assets only.
 */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): unknown;
}

export function ownAsset(url: string, here: string): string {
  const target = new URL(url, here);
  if (target.origin === new URL(here).origin && target.pathname.startsWith('/assets/')) return url;
  throw new TypeError(`scripts come from this page's own assets, not from ${target.origin}`);
}

export function trustOwnWorkers(): void {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  // Development serves modules from other paths and sets no policy.
  if (!types || import.meta.env.DEV) return;
  types.createPolicy('default', { createScriptURL: (url) => ownAsset(url, location.href) });
}
