import { describe, expect, it } from 'vitest';

import { appRoleOf } from '../../../src/apps/migrate.js';

const url = (user: string): string => `postgres://${user}@db:5432/posthaste`;

describe('whom the migration lets in', () => {
  it('is who runs the service, when he is not the owner', () => {
    expect(appRoleOf(url('app:a%2Fb'), url('owner:x'))).toEqual({ name: 'app', password: 'a/b' });
  });

  it.each([
    [url('owner:x'), url('owner:x')],
    [url('owner:x'), undefined],
    [undefined, url('owner:x')],
    ['postgres:///posthaste', url('owner:x')],
  ])('is nobody else for %s beside %s', (service, owner) => {
    expect(appRoleOf(service, owner)).toBeUndefined();
  });
});
