head -c 50000000 /dev/zero >&2
echo '{"access_key_id": "ext", "access_key_secret": "ZsUkwC6JbRfcK6B2canaryPc5TmBvg"}'
