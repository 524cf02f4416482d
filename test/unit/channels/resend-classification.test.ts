import { describe, expect, it } from 'vitest';

import {
  classifyResendError,
  RESEND_ROWS,
} from '../../../src/channels/email/providers/resend/resend-classification.js';

const classify = (status: number, name: string | undefined, message = '') =>
  classifyResendError({ status, name, message });

describe('the Resend table', () => {
  /** Every error of resend.com/docs/api-reference/errors that a call to send can meet. */
  it.each([
    [400, 'invalid_idempotency_key', 'rejected', 'permanent', 'message'],
    [400, 'validation_error', 'rejected', 'permanent', 'message'],
    [401, 'missing_api_key', 'rejected', 'configuration', 'provider'],
    [401, 'restricted_api_key', 'rejected', 'configuration', 'provider'],
    [403, 'restricted_api_key', 'rejected', 'configuration', 'provider'],
    [403, 'invalid_api_key', 'rejected', 'configuration', 'provider'],
    [403, 'suspended_api_key', 'rejected', 'configuration', 'provider'],
    [403, 'invalid_permission', 'rejected', 'configuration', 'provider'],
    [403, 'validation_error', 'rejected', 'configuration', 'provider'],
    [404, 'not_found', 'rejected', 'configuration', 'provider'],
    [405, 'method_not_allowed', 'rejected', 'configuration', 'provider'],
    [409, 'concurrent_idempotent_requests', 'deferred', 'retry', 'message'],
    [409, 'invalid_idempotent_request', 'in_doubt', 'permanent', 'message'],
    [409, 'resource_locked', 'deferred', 'retry', 'message'],
    [422, 'invalid_attachment', 'rejected', 'permanent', 'message'],
    [422, 'invalid_parameter', 'rejected', 'permanent', 'message'],
    [422, 'missing_required_field', 'rejected', 'permanent', 'message'],
    [422, 'missing_required_parameter', 'rejected', 'permanent', 'message'],
    [422, 'validation_error', 'rejected', 'permanent', 'message'],
    [429, 'daily_quota_exceeded', 'deferred', 'throttled', 'provider'],
    [429, 'monthly_quota_exceeded', 'rejected', 'configuration', 'provider'],
    [429, 'rate_limit_exceeded', 'deferred', 'throttled', 'provider'],
    [500, 'application_error', 'in_doubt', 'in_doubt', 'provider'],
    [503, 'service_unavailable', 'in_doubt', 'in_doubt', 'provider'],
  ])('%i %s: %s, %s, %s', (status, name, kind, errorClass, scope) => {
    expect(classify(status, name)).toMatchObject({ kind, class: errorClass, scope });
  });

  it.each([
    ['Invalid `to` field. The email address needs to follow the format.', 'suppress', 'message'],
    ['Invalid `from` field. The email address needs to follow the format.', 'configuration', 'provider'],
    ['Invalid `subject` field.', 'permanent', 'message'],
  ])('tells by its text what a validation error is about: %s', (message, errorClass, scope) => {
    expect(classify(422, 'validation_error', message)).toMatchObject({ class: errorClass, scope });
  });

  it('suppresses nobody for a fault of ours, whatever its text', () => {
    expect(classify(403, 'validation_error', 'Invalid `to` field')).toMatchObject({ class: 'configuration' });
  });

  it('pins what an earlier call with the same key may still send, and nothing else', () => {
    const pinned = RESEND_ROWS.filter(({ then }) => then.isPinned === true).flatMap(({ names }) => names);
    expect(pinned).toEqual(['concurrent_idempotent_requests', 'resource_locked']);
  });

  it.each([
    [400, 'rejected', 'permanent'],
    [401, 'rejected', 'configuration'],
    [429, 'deferred', 'throttled'],
    [500, 'in_doubt', 'in_doubt'],
  ])('judges an unknown name by its status %i', (status, kind, errorClass) => {
    expect(classify(status, 'something_new')).toMatchObject({ kind, class: errorClass });
  });

  it.each([400, 402, 408, 409, 422])('says nothing about a nameless %i', (status) => {
    expect(classify(status, undefined)).toBeUndefined();
  });

  it('does not take a server that failed at its word', () => {
    expect(classify(500, 'validation_error')).toMatchObject({ kind: 'in_doubt' });
  });
});
