echo run >>"$HOME/runs"
cat <<'E'
{"mode": "StsToken", "access_key_id": "STS.ext", "access_key_secret": "dlukbC8rsQcff59canaryD3QGIof1j9w8omqUYdtPETH", "sts_token": "CAISNHUmv1s4NBuqNzuwXWaVul+57c8DJUNFQqzcDAyhhHWvYMRGwTXHzyGGPm6fK2dhPGBA0UvDa0xpO8itOalUTchqSetPPd3EGCCm1h4k0hugkYIIOyWA+z4nd208YLbW1RdGwiIQs+diqWowviNDwzxVOzDUG6owjKLzyXclhuL/zhuJdttmO8/9B7gbLO6tkcdcanaryFUuw1d3bAP4+iATgQ9QGcidyF8Q7Lupy4TukgZwhLIuSZvYiwvBuKvqf1OmBK1VqccqDCpmXk8sYcJUsGcy0/aGboD87lw1zN6aoBaiP1dhnBkNlGXkfxL3oJedsSNIrLOADQ5ZVZHUMN/e/1lKfOvbsxkWGqAiHgjdMCCsOdmoR67LcG8kRp2+TadC1dl44y==", "expiration": "2999-01-01T00:00:00Z"}
E
