/** The direction of imports, as docs/architecture.md draws it. A folder below a slice is private to that slice. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: `^src/(${allowed.join('|')})/` },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('domain-is-pure', 'domain', ['domain'], 'Rules import nothing of ours.'),
    {
      name: 'domain-has-no-packages',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['npm', 'core'] },
    },
    only('platform-is-a-floor', 'platform', ['platform', 'domain'], 'The floor knows nothing of the rooms.'),
    ...[
      'outbox',
      'queues',
      'templating',
      'breakers',
      'suppressions',
      'gates',
      'allowances',
      'catalogue',
      'own-events',
    ].map((slice) =>
      only(
        `${slice}-imports-the-floor`,
        slice,
        [slice, 'domain', 'platform', 'own-events'],
        'Reusable slices stand on the floor only; each may say what becomes an event of ours.',
      ),
    ),
    only(
      'endpoints-hold-gates',
      'endpoints',
      ['endpoints', 'gates', 'own-events', 'domain', 'platform'],
      'What waits for a disabled endpoint waits behind its gate, and subscribers are told.',
    ),
    only(
      'notifications-stand-on-the-floor',
      'notifications',
      ['notifications', 'suppressions', 'own-events', 'domain', 'platform'],
      'The claim asks the suppression list and the outcome adds to it, and both tell subscribers, each in its own statement.',
    ),
    {
      name: 'channels-apart',
      severity: 'error',
      from: { path: '^src/channels/(email|sms|webhook)/' },
      to: { path: '^src/channels/(email|sms|webhook)/', pathNot: '^src/channels/$1/' },
    },
    {
      name: 'nobody-imports-admin-or-apps',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(apps|admin|main)' },
      to: { path: '^src/(apps|admin)/' },
    },
    {
      name: 'sub-folders-are-private',
      comment: 'outbox/sql/* only from outbox/.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/[^/]+/', pathNot: ['^src/$1/', '^src/(platform|channels)/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
