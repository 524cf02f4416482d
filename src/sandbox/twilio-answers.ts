export interface TwilioAnswer {
  status: number;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** An error as twilio.com/docs/usage/requests-to-twilio shows it. */
export const twilioError = (status: number, code: number, message: string): TwilioAnswer => ({
  status,
  body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
});

/** A created SMS as twilio.com/docs/messaging/api/message-resource shows it: queued, unpriced, on its way. */
export function createdSms(sms: {
  sid: string;
  accountSid: string;
  to: string;
  from: string;
  body: string;
  segments: number;
  at: Date;
}): TwilioAnswer {
  const uri = `/2010-04-01/Accounts/${sms.accountSid}/Messages/${sms.sid}`;
  const date = sms.at.toUTCString().replace('GMT', '+0000'); // RFC 2822, as Twilio writes it
  return {
    status: 201,
    body: {
      account_sid: sms.accountSid,
      api_version: '2010-04-01',
      body: sms.body,
      date_created: date,
      date_sent: null,
      date_updated: date,
      direction: 'outbound-api',
      error_code: null,
      error_message: null,
      from: sms.from,
      messaging_service_sid: null,
      num_media: '0',
      num_segments: String(sms.segments),
      price: null,
      price_unit: 'USD',
      sid: sms.sid,
      status: 'queued',
      subresource_uris: { media: `${uri}/Media.json` },
      to: sms.to,
      uri: `${uri}.json`,
    },
  };
}

/** One page with all of them; nobody sends so many to a sandbox that it takes two. */
export const listedSms = (created: readonly TwilioAnswer[]): TwilioAnswer => ({
  status: 200,
  body: {
    messages: created.map(({ body }) => body),
    next_page_uri: null,
    page: 0,
    page_size: created.length,
  },
});
