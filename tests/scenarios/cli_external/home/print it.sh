echo run >>"$HOME/runs"
cat <<'E'
{"mode": "StsToken", "access_key_id": "STS.ext", "access_key_secret": "canary-ext-secret", "sts_token": "canary-ext-token", "expiration": "2999-01-01T00:00:00Z"}
E
