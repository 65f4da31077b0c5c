'use strict';

// Secrets in the shape of real ones: a filter of texts that stops only odd characters would let these pass.

/** A word in all of them, and in nothing that may be shown. */
const CANARY = 'canary7Zq';
/** Of an AccessKey. */
const SECRET = `Fv8Cw3${CANARY}y5z73r3Qd6y49LW`;
/** A security token. */
const TOKEN =
  'CAISe9QbfxZtYQYJtenMnBzDoeo0HA3w8/AIcH6IqIJ8/Iz25vI6dgWVeEaDflhKDY4RVgqNST0DCwnBmaRO4vqqdfLSADPMThRFrnkDDxrt' +
  `4i+nhb+5SrcjpwrGdh6mMgnseZuOXMgPDcZ9iENlRpEmTuEGcMqFbkrPbHaBXmsPLE5zvCGoIz+m${CANARY}aa5zByw6+vRLSD5AIhGIG/N` +
  'oQzsnsm1VpgOTf4YI3+L1IxWoAVMwz1P3Ahpb4RcDYVsWSRd4TxF0AcZ1AHzJlkefS0fh0bR+wRgdtKtx+SPJubj12rir6X9yY4WGy/EhDTF' +
  '+2KSdYf/jfH7nLUo4yEQ2ehr6xdrHnCR4j13YdlQfrYqm3lB==';
/** Any other token. */
const BEARER_TOKEN =
  `dKdoZEraIiN5-dR0KF13Jqyq2xV1n7rFsi_OTiIl_vECNS77Yz${CANARY}hl3Ovrp8y_FsQgzcrwuDbmrOGGKDyo3ZQR-tmZsJ4zUEDdfi7` +
  'GMEsKyBhwS2E';
const ACCESS_TOKEN = `QDrZ_SOtfP351pKWjmKzNYUWAQxHGYkWSn5iBPMS${CANARY}916uOhWS3aBm4quVZp371kuRlMMpQ5Z2nlMG-s_aSZwQ42t`;
const REFRESH_TOKEN =
  `gRubIUikMWxsJTfgSyfDuqQcgYc41sYeRuw1GCgRTCsCcp86qZ${CANARY}KQrm-v6hFU8Dq6VumXjJcOPP8lLYRMbdLQcyhPJ2zRAx2_2cI` +
  'o9b5IbybkyRj0obsnu7';
const OIDC_TOKEN =
  'eyJhbGciOiJSUzI1NiIsImtpZCI6ImFjay1lMzM0MjkzYmFlYTUifQ.eyJhdWQiOlsic3RzLmFsaXl1bmNzLmNvbSJdLCJleHAiOjQxMDI0N' +
  'DQ4MDAsImlhdCI6MTc2NzIyNTYwMCwiaXNzIjoiaHR0cHM6Ly9vaWRjLWFjay1jbi1oYW5nemhvdS5vc3MtY24taGFuZ3pob3UuYWxpeXVuY' +
  '3MuY29tL2MxIiwic3ViIjoic3lzdGVtOnNlcnZpY2VhY2NvdW50OmRlZmF1bHQ6bm9kZSJ9.n01i8WX56aKLFTo1E7BmjE9MKrRDJWzLKh-0' +
  '7BNtW7I-JOHpcqJDDtvYq_xMLNcj01Y2Kjt00tKeTWugFl0fXVCPxljJQqOoZY6pCTcEBDlAR1cUkdnDTCwlm_zMIGNxg2jU0XdPR78QLY8G' +
  `rR1-KLVoZvVNZ0KB${CANARY}qcRqGVBvgrZm7AGw1KVj6KHYishpFQ756j9_p5SBEFXZpu7enTmKKMfUXch3xqAglxYyhPIv_rSeVhQH3w5` +
  'FKgkenN6-VZIvOX4nJpdr-s_fOelvWJGa-1OuJpMpEE24YcAQ7YBhqXzQBr8S4B9NXY-xGYElIgD40cu-ayrplPCbmP_A';

/** The AccessKey secret that STS issues the `number`-th time; it is longer than others. */
function issuedSecret(number) {
  return `SsgZE9HuZCjdIf${CANARY}QPzIoEarYefoD7p9H` + String(number).padStart(4, '0');
}

/** The security token beside it. */
function issuedToken(number) {
  return (
    'CAISVy+jHYPbIs1Pj/43Qc6D+t1i7dk5EjMK3xFNq4API9JuurY1pKuGV3ahHsRTP+uogYkKDBb7kTzCW5MXBElTtmwpEX18JuLNWJJtGSED' +
    `HAqFm476cSpT7CwvvmavcFMh66zPQG6FxMCyCFW8rHFIZmKMHzwCdAI/5gG9Tvpnnr${CANARY}bsQScq3vMiafhsAthDYkGxBZKy3ukitnj` +
    'OBuT+Mm1z2yGWrmnPbjLfeFFpdjcyv0hL6gr03xdeCeMbWXNlkAfxqf3KE7hyjRuad8NM9NbOIQnNsMQn6bpD/6de8pPuehieARLgQwrpQZv' +
    'QhWmoR0sc7mlpJZfEFfPF4WQr9NWMfLsTEo7pbIz' +
    String(number).padStart(4, '0')
  );
}

module.exports = {
  ACCESS_TOKEN,
  BEARER_TOKEN,
  CANARY,
  OIDC_TOKEN,
  REFRESH_TOKEN,
  SECRET,
  TOKEN,
  issuedSecret,
  issuedToken,
};
