#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    aliyun_cred::fuzz::signature(data, aliyun_cred_emulator::signed_parameters);
});
