//! The fuzzer's way into [`twin_bridge_fuzz::notification`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| twin_bridge_fuzz::notification(data));
