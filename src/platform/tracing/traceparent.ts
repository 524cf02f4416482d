/** W3C Trace Context, level 1: `version-trace id-parent id-flags`; a later version may add fields behind them. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 0x01;
/** `00-`, then 32 digits. */
const TRACE_ID_AT = 3;
const TRACE_ID_LENGTH = 32;

/** What a caller's header says, as version 00; null for one that is missing or wrong, which is ignored as the standard asks. */
export function readTraceparent(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string') return null;
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(header) ?? [];
  if (!version || !traceId || !spanId || !flags || version === 'ff') return null;
  if (version === '00' && more !== undefined) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return writeTraceparent(traceId, spanId, (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED);
}

export const writeTraceparent = (traceId: string, spanId: string, isSampled: boolean): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

/** The ids of one that `readTraceparent` or `writeTraceparent` made. */
export const partsOf = (traceparent: string): { traceId: string; spanId: string; isSampled: boolean } => {
  const [, traceId, spanId, flags] = traceparent.split('-') as [string, string, string, string];
  return { traceId, spanId, isSampled: flags === '01' };
};

export const traceIdOf = (traceparent: string | null): string | undefined =>
  traceparent?.slice(TRACE_ID_AT, TRACE_ID_AT + TRACE_ID_LENGTH);
