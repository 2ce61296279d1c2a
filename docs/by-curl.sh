#!/bin/sh
# The whole way of a payment by curl alone, against a running `make demo`: the requests of the API document, with a key.
#
#   KEY=tq_… OFFER=3 AMOUNT=1250 docs/by-curl.sh
#
# KEY needs "Look at payments", "Ask payers for money" and "Look at sellers"; OFFER is the number of a job to which money is
# owed, and AMOUNT how much. SELLER asks for it, HOLDER is a seller who may hold money, BUYER is the funder's wallet.
# With WEBHOOK_SECRET (of a webhook sender) the site is told to look at the payment.
set -eu

BASE=${BASE:-http://localhost:8000}
SELLER=${SELLER:-tequio}
COOKIES=$(mktemp)
trap 'rm -f "$COOKIES"' EXIT

# Says which request it makes, and shows the answer.
ask() {
    method=$1 path=$2
    shift 2
    echo "--- $method $path" >&2
    answer=$(curl --silent --show-error --request "$method" --header "Authorization: Bearer $KEY" "$@" "$BASE$path")
    echo "$answer"
}

post() {
    path=$1 body=$2
    ask POST "$path" --header "Content-Type: application/json" --header "Idempotency-Key: by-curl-$$-$path" --data "$body"
}

# The first text of that name in a JSON answer.
field() {
    tr ',{' '\n\n' | sed -n "s/^ *\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1
}

echo "--- GET /health" >&2
curl --silent --show-error "$BASE/health"
echo
ask GET /sellers

if [ -n "${HOLDER:-}" ]; then
    post /api/payments/incoming "{\"amount\": \"100\", \"description\": \"Job funding\", \"sellerId\": \"$HOLDER\"}"
fi

started=$(post "/offers/$OFFER/quotes/start" \
    "{\"sellerId\": \"$SELLER\", \"buyerWalletAddressUrl\": \"$BUYER\", \"amount\": \"$AMOUNT\", \"receiver\": \"workers\"}")
echo "$started"
pending=$(echo "$started" | field pendingId)
page=$(echo "$started" | field redirectUrl)
[ -n "$pending" ] && [ -n "$page" ] || exit 1

ask GET "/payments/$pending/status"
ask GET "/payments/pending?limit=1"
ask GET "/offers/$OFFER/payments"

# What the payer does in a browser: our page, their wallet's page, and back to /payments/finish.
form=$(curl --silent --show-error --cookie-jar "$COOKIES" "$page")
token=$(echo "$form" | sed -n 's/.*name="csrfmiddlewaretoken" value="\([^"]*\)".*/\1/p' | head -n 1)
accepted=$(echo "$form" | sed -n 's/.*name="accepted" value="\([^"]*\)".*/\1/p' | head -n 1)
wallet=$(curl --silent --show-error --cookie "$COOKIES" --header "Referer: $page" --output /dev/null \
    --write-out '%{redirect_url}' --data-urlencode "csrfmiddlewaretoken=$token" --data "action=approve" \
    --data-urlencode "accepted=$accepted" "$page")
consent=$(curl --silent --show-error --location --output /dev/null --write-out '%{url_effective}' "$wallet")
finish=$(curl --silent --show-error --output /dev/null --write-out '%{redirect_url}' --data "decision=approve" "$consent")
echo "--- GET /payments/finish" >&2
curl --silent --show-error --header "Accept: application/json" "$finish"
echo

if [ -n "${WEBHOOK_SECRET:-}" ]; then
    now=$(date +%s) id=msg_$$
    body="{\"type\": \"payment.completed\", \"pendingId\": \"$pending\", \"offerId\": \"$OFFER\", \"status\": \"paid\", \"timestamp\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}"
    hex=$(printf %s "${WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
    signature=$(printf %s "$id.$now.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex" -binary | base64 | tr -d '\n')
    echo "--- POST /api/webhooks/payments" >&2
    curl --silent --show-error --header "Content-Type: application/json" --header "webhook-id: $id" \
        --header "webhook-timestamp: $now" --header "webhook-signature: v1,$signature" --data "$body" \
        "$BASE/api/webhooks/payments"
    echo
fi

for _try in $(seq "${TRIES:-60}"); do
    last=$(ask GET "/payments/$pending/status" 2> /dev/null)
    [ "$(echo "$last" | field status)" = pending ] || break
    sleep 1
done
echo "--- GET /payments/$pending/status" >&2
echo "$last"
[ "$(echo "$last" | field status)" = paid ]
