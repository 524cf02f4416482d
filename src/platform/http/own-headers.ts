/** Headers of a webhook that are ours, or the connection's: no endpoint may set them. Lower or upper case. */
export const OWN_HEADER =
  /^(webhook-.*|content-.*|user-agent|host|connection|keep-alive|proxy-.*|te|trailer|upgrade|expect|transfer-encoding|traceparent)$/i;
