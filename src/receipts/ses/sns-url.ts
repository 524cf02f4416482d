/**
 * Where Amazon keeps its certificates and takes confirmations: SNS itself, of one region, over https on its standard port.
 * Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html.
 */
const HOST = /^sns\.([a-z0-9-]{1,32})\.amazonaws\.com(\.cn)?$/;
const CERTIFICATE_PATH = /^\/SimpleNotificationService-[0-9a-f]{8,64}\.pem$/;
export const TOPIC_ARN =
  /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{1,32}):\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/;

/** The URL of the region's SNS, or undefined for any other. `region`: that of the pinned topic. */
export function snsUrl(text: string | undefined, region: string): URL | undefined {
  if (text === undefined || text.length > 2_048 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '';
  return isPlain && HOST.exec(url.hostname)?.[1] === region ? url : undefined;
}

export function certificateUrl(text: string, region: string): URL | undefined {
  const url = snsUrl(text, region);
  return url && CERTIFICATE_PATH.test(url.pathname) && url.search === '' ? url : undefined;
}

export const regionOf = (topicArn: string): string | undefined => TOPIC_ARN.exec(topicArn)?.[2];
