"""What docs/webhooks.md uses of the official library, by the text of Standard Webhooks 1.0, where that is not installed."""

import base64
import hashlib
import hmac
import json
import time

TOLERANCE_S = 5 * 60


class WebhookVerificationError(Exception):
    pass


class Webhook:
    def __init__(self, secret):
        self._key = base64.b64decode(secret.removeprefix("whsec_"))

    def verify(self, data, headers):
        given = {name.lower(): value for name, value in headers.items()}
        try:
            message_id, timestamp = given["webhook-id"], given["webhook-timestamp"]
            signatures = given["webhook-signature"].split(" ")
        except KeyError as missing:
            raise WebhookVerificationError("Missing required headers") from missing
        if abs(time.time() - int(timestamp)) > TOLERANCE_S:
            raise WebhookVerificationError("Timestamp out of tolerance")
        signed = f"{message_id}.{timestamp}.".encode() + data
        wanted = "v1," + base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        if not any(hmac.compare_digest(wanted, one) for one in signatures):
            raise WebhookVerificationError("No matching signature found")
        return json.loads(data)
