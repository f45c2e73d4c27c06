/** What this browser is to the agency: nobody, waiting for a certificate, or a named person's device. */
export type Device =
  | { readonly state: 'insecure' }
  | { readonly state: 'none' }
  | { readonly state: 'waiting'; readonly name: string; readonly fingerprint: string }
  | { readonly state: 'certified'; readonly name: string; readonly fingerprint: string };

/** The state before any key exists; without a secure context no key can be kept. */
export function deviceHere(secure: boolean = globalThis.isSecureContext): Device {
  return secure ? { state: 'none' } : { state: 'insecure' };
}
