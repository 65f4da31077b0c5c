echo run >>"$HOME/runs"
echo '{"mode": "AK", "access_key_id": "ext", "access_key_secret": "canary-ext-secret"}'
