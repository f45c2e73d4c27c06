/** What this browser is to the agency: nobody, waiting for a certificate, or a named person's device. */
export type Device =
  /** The browser's store is being read. */
  | { readonly state: 'starting' }
  | { readonly state: 'insecure' }
  /** It cannot make or keep keys: too old, or a private window that forbids storage. */
  | { readonly state: 'unsupported' }
  | { readonly state: 'none' }
  | {
      readonly state: 'waiting';
      readonly name: string;
      readonly fingerprint: string;
      /** The signed request as text, for a file that is carried to the administrator. */
      readonly request: string;
    }
  | { readonly state: 'refused'; readonly name: string; readonly fingerprint: string }
  | {
      readonly state: 'certified';
      readonly name: string;
      readonly role: string;
      readonly fingerprint: string;
      /** End of the certificate, microseconds. */
      readonly untilUs: number;
    }
  | { readonly state: 'expired' | 'revoked'; readonly name: string; readonly fingerprint: string }
  /** The page's server names another agency root than the one this browser was certified by. */
  | { readonly state: 'other-root'; readonly name: string; readonly fingerprint: string };

/** The state before any key exists; without a secure context no key can be kept. */
export function deviceHere(secure: boolean = globalThis.isSecureContext): Device {
  return secure ? { state: 'none' } : { state: 'insecure' };
}

/** What people call this browser, for example `Chrome on Linux`; shown to the administrator. */
export function deviceLabel(agent: string = navigator.userAgent): string {
  const browsers = [
    ['Edg/', 'Edge'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ] as const;
  const systems = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS', 'macOS'],
    ['Linux', 'Linux'],
  ] as const;
  const named = (list: readonly (readonly [string, string])[], otherwise: string): string =>
    list.find(([sign]) => agent.includes(sign))?.[1] ?? otherwise;
  return `${named(browsers, 'Browser')} on ${named(systems, 'a computer')}`;
}
