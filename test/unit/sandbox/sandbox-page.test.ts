import { createHash } from 'node:crypto';
import { Script } from 'node:vm';

import { describe, expect, it } from 'vitest';

import { SANDBOX_PAGE, SANDBOX_PAGE_HEADERS } from '../../../src/sandbox/sandbox-page.js';

describe("the sandbox's page", () => {
  const scripts = [...SANDBOX_PAGE.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);

  it('has one script, it parses, and the policy allows it and no other', () => {
    expect(scripts).toHaveLength(1);
    expect(() => new Script(scripts[0]!)).not.toThrow();
    const hash = createHash('sha256').update(scripts[0]!).digest('base64');
    expect(SANDBOX_PAGE_HEADERS['content-security-policy']).toContain(`script-src 'sha256-${hash}';`);
    expect(SANDBOX_PAGE_HEADERS['content-security-policy']).toContain(`default-src 'none'`);
  });

  it('never turns what arrived into markup of its own', () => {
    expect(scripts[0]!).not.toMatch(
      /\.innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/,
    );
  });

  it('loads nothing from anywhere', () => {
    expect(SANDBOX_PAGE).not.toMatch(/(src|href)="(?!data:)/);
    expect(SANDBOX_PAGE).not.toMatch(/@import|url\(/);
  });
});
