import { describe, expect, it } from 'vitest';

import { scramVerifier } from '../../../src/platform/database/scram-verifier.js';

describe('what a role is made with', () => {
  it('is a salted verifier that does not hold the password', () => {
    const [one, other] = [scramVerifier('s3cret'), scramVerifier('s3cret')];
    expect(one).toMatch(/^SCRAM-SHA-256\$4096:[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}$/);
    expect(one).not.toBe(other);
    expect(one).not.toContain('s3cret');
    const salt = Buffer.alloc(16, 1);
    expect(scramVerifier('s3cret', salt)).toBe(scramVerifier('s3cret', salt));
  });
});
