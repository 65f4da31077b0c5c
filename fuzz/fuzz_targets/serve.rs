#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| aliyun_cred_cli::fuzz::serve(data));
