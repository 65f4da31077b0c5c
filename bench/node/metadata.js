'use strict';

// Loaded before the official package, which knows the metadata service by its address only: requests for that go to
// the emulator.

const http = require('node:http');

const { hostname, port } = new URL(process.env.BENCH_METADATA);
const { request } = http;

http.request = function redirected(options, ...rest) {
  if (options.host === '100.100.100.200' || options.hostname === '100.100.100.200') {
    options = { ...options, host: hostname, hostname, port };
  }
  return request.call(this, options, ...rest);
};
