#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| aliyun_cred::fuzz::options(data));
