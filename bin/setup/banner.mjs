/** What to do next, ready to be copied. `apiKey` is undefined when the caller chose it: then it is no news. */
export function banner({ url, apiKey, isSandbox, logFile }) {
  const key = apiKey ?? '$POSTHASTE_API_KEY';
  const lines = [
    '',
    `  Posthaste is ready: ${url}`,
    '',
    `    API reference  ${url}/docs`,
    ...(isSandbox
      ? [`    Sandbox        ${url}/sandbox   (catches everything: nothing leaves this machine)`]
      : []),
    `    API key        ${apiKey ?? 'the one in POSTHASTE_API_KEY'}`,
    `    Log            ${logFile}`,
    '',
    ...(isSandbox
      ? tryIt(url, key)
      : ['  Providers are configured: what is posted here is really sent.', '']),
    '  Ctrl-C stops everything; the data is kept.',
    '',
  ];
  return lines.join('\n');
}

const tryIt = (url, key) => [
  '  Send an email into the sandbox:',
  '',
  `    curl -sS ${url}/v1/notifications \\`,
  `      -H "authorization: Bearer ${key}" -H 'content-type: application/json' \\`,
  `      -d '{"type":"welcome","channel":"email","recipient":"ada@example.com","business_id":"user-1","data":{"name":"Ada","start_url":"https://example.com/start"}}'`,
  '',
  '  See what arrived, in the browser or here:',
  '',
  `    curl -sS -H "authorization: Bearer ${key}" ${url}/v1/sandbox/messages`,
  '',
];
