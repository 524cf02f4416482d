import { describe, expect, it } from 'vitest';

import { PROOFS, staleHints } from './support/proofs.js';
import { BACKENDS, expectGreen, openStage } from './support/row.js';
import { isGreen, verdictText } from './support/verdict-text.js';

describe('the harness can fail', () => {
  it.each(PROOFS)('goes red with $title', async ({ title, finds, run }) => {
    const verdict = await run(BACKENDS[0]!);
    expect(isGreen(verdict)).toBe(false);
    const found = verdict.violations.map(({ invariant, offence }) => `${invariant} ${offence}`);
    expect(found, verdictText(title, verdict)).toContain(finds);
  });

  it('stays green on the same hints with the guard in its place', async () => {
    const stage = await openStage(BACKENDS[0]!);
    try {
      expectGreen(await staleHints(stage, []));
      expect(stage.providers.ledger.calls).toHaveLength(30);
    } finally {
      await stage.stop();
    }
  });
});
