// Package standardwebhooks is what docs/webhooks.md uses of the official library, by the text of Standard Webhooks 1.0, where
// that is not on the machine.
package standardwebhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * time.Minute

// Webhook verifies what one secret has signed.
type Webhook struct {
	key []byte
}

// NewWebhook takes a secret as it is shown: whsec_ and base64.
func NewWebhook(secret string) (*Webhook, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	return &Webhook{key: key}, err
}

// Verify answers nil for what was signed, and lately.
func (w *Webhook) Verify(payload []byte, headers http.Header) error {
	id, timestamp := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	if age := time.Since(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return errors.New("timestamp out of tolerance")
	}
	mac := hmac.New(sha256.New, w.key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, payload)
	wanted := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, given := range strings.Split(headers.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(wanted), []byte(given)) {
			return nil
		}
	}
	return errors.New("no matching signature")
}
