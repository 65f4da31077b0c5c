#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| aliyun_cred::fuzz::cli_config(data));
