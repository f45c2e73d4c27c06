/** Problem details (RFC 9457), the form in which our servers report a failure. */

/** What the caller should do about it; the servers' error kinds plus what only a browser sees. */
export type ProblemKind =
  | 'invalid'
  | 'denied'
  | 'not-found'
  | 'conflict'
  | 'unavailable'
  | 'corrupt'
  | 'offline'
  | 'unreadable';

export interface Problem {
  readonly kind: ProblemKind;
  /** HTTP status; 0 when no answer arrived. */
  readonly status: number;
  readonly title: string;
  /** What happened, to what, and what to do next; may be empty. */
  readonly detail: string;
}

const BY_STATUS: Readonly<Record<number, ProblemKind>> = {
  400: 'invalid',
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  409: 'conflict',
  422: 'invalid',
  429: 'unavailable',
  500: 'corrupt',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Reads an error body; whatever it holds, the result is a complete problem. */
export function problemFrom(status: number, body: unknown): Problem {
  const fields = isRecord(body) ? body : {};
  const kind = BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'invalid');
  return {
    kind,
    status,
    title: text(fields['title']) || `HTTP ${status}`,
    detail: text(fields['detail']),
  };
}

/** The problem when no answer came: server down, network gone, or refused by the browser. */
export function unreachable(reason: string): Problem {
  return { kind: 'offline', status: 0, title: 'No answer', detail: reason };
}
