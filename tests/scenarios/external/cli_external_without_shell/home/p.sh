[ "$1|$2|$3|$4|$5" = '$HOME|`id`|;|>|x' ] || exit 9
echo '{"mode": "AK", "access_key_id": "ext", "access_key_secret": "ZsUkwC6JbRfcK6B2canaryPc5TmBvg"}'
