import { describe, expect, it } from 'vitest';

import { toPublicId } from '../../../src/domain/public-id.js';
import { notificationOf } from '../../../src/receipts/own-message-id.js';

const UUID = '01890a5d-ac96-774b-bcce-b302099a8057';
const ID = toPublicId('notification', UUID);

describe('a Message-ID that a vendor quotes', () => {
  it.each([
    [`<${ID}.3f9a81c0d2e4@acme.example>`],
    [`${ID}.3f9a81c0d2e4@acme.example`],
    [` <${ID}@acme.example> `],
  ])('is ours: %s', (messageId) => {
    expect(notificationOf(messageId)).toBe(UUID);
  });

  it.each([
    [`<${ID}.@acme.example>`],
    [`<${ID}.nothex@acme.example>`],
    [`<${ID}.3f9a.3f9a@acme.example>`],
    [`<x${ID}@acme.example>`],
    [`<${ID}@acme.example> <${ID}@acme.example>`],
    [undefined],
    [{ $: ID }],
  ])('is none of ours: %s', (messageId) => {
    expect(notificationOf(messageId)).toBeUndefined();
  });
});
