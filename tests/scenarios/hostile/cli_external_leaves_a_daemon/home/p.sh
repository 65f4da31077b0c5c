(sleep 5; echo too late) &
echo '{"access_key_id": "ext", "access_key_secret": "ZsUkwC6JbRfcK6B2canaryPc5TmBvg"}'
