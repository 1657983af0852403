//! Updates of twins are read in another way than everything else. Nobody may be able to tell.

use std::fs;

use proptest::{prelude::*, sample::Index};

use super::*;

/// Every shape of notification that we know, with a few stretches replaced by something that JSON minds.
fn mutated() -> impl Strategy<Value = String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/notifications");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let json = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    let events: Vec<_> = json.map(|file| fs::read_to_string(file).unwrap()).collect();
    let noise = prop::sample::select(vec![
        "null",
        "0",
        "1e400",
        "{}",
        "[]",
        r#""""#,
        r#""\ud800""#,
        r#""\u0069d":"x","#,
        r#""eventType":null,"#,
        r#""specversion":null,"#,
        r#""type":"Microsoft.DigitalTwins.Twin.Update","#,
        r#""data":{},"#,
        r#""patch":[],"#,
    ]);
    let edits = prop::collection::vec((any::<Index>(), any::<bool>(), noise), 0..3);
    (prop::sample::select(events), edits).prop_map(|(mut text, edits)| {
        for (place, replaces_value, noise) in edits {
            // In the place of a text, or before a member.
            let quotes: Vec<_> = text.match_indices('"').map(|(at, _)| at).collect();
            let pair = place.index(quotes.len() / 2) * 2;
            let end = if replaces_value { quotes[pair + 1] + 1 } else { quotes[pair] };
            text.replace_range(quotes[pair]..end, noise);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_pass_and_the_levels_say_the_same(text in mutated()) {
        if let Ok(event) = RawValue::from_string(text) {
            let (once, by_levels) = (Received::of(&event), Received::by_levels(&event));
            prop_assert_eq!(format!("{once:?}"), format!("{by_levels:?}"));
        }
    }
}
