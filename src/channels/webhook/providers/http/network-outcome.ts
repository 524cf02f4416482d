import { failed, type Outcome } from '../../../../domain/outcome.js';
import { AddressRefused } from '../../../../platform/http/address-filter.js';
import { networkFaultOf } from '../../../network-errors.js';

/**
 * What a call that got no answer says of its receiver. One that cannot be reached, or does not answer, is down: the slow
 * schedule follows the quick one. So is one whose certificate has run out: it will be renewed. A certificate of another name,
 * or of nobody that is trusted, is a wrong address: no retry cures it.
 */
export function networkOutcome(error: unknown): Outcome {
  if (isRefusedAddress(error)) {
    return refusal(
      'permanent',
      'address_refused',
      'The host resolves to an address that webhooks may not reach.',
    );
  }
  const { kind, code, detail, stage } = networkFaultOf(error);
  if (stage === 'certificate' && code !== 'tls_certificate_expired')
    return failed('rejected', { class: 'permanent', code, detail, scope: 'host' });
  return failed(kind, { class: 'slow', code, detail, scope: stage === 'exchange' ? 'endpoint' : 'host' });
}

export const refusal = (errorClass: 'gone' | 'permanent', code: string, detail: string): Outcome =>
  failed('rejected', { class: errorClass, code, detail, scope: 'endpoint' });

const isRefusedAddress = (error: unknown): boolean =>
  error instanceof AddressRefused || (error as { cause?: unknown }).cause instanceof AddressRefused;
