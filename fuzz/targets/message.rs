//! The fuzzer's way into [`twin_bridge_fuzz::message`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| twin_bridge_fuzz::message(data));
