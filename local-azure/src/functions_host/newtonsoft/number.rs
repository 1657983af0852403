//! How .NET writes a double (`ToString("R")`), and what Newtonsoft makes of it.

/// .NET switches to an exponent past this many digits before the point, or past the digits of the number if those are
/// more.
const PLAIN_DIGITS: i32 = 15;

/// The text of a float in JSON. It always shows that it is a float, by a point or by an exponent. An infinite one, for
/// which JSON has no number, becomes a string (`FloatFormatHandling.String`).
pub(super) fn written(value: f64) -> String {
    if !value.is_finite() {
        let name = if value.is_nan() { "NaN" } else { "Infinity" };
        return format!("\"{}{name}\"", if value.is_sign_negative() { "-" } else { "" });
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let (digits, exponent) = shortest(value.abs());
    format!(
        "{sign}{}",
        if is_plain(&digits, exponent) { plain(&digits, exponent) } else { scientific(&digits, exponent) }
    )
}

/// The text of a float outside of JSON, where nothing shows that it is none of an integer.
pub(super) fn invariant(value: f64) -> String {
    let text = written(value);
    text.strip_suffix(".0").unwrap_or(&text).trim_matches('"').to_owned()
}

/// The shortest decimal digits that give the same double again, and the exponent of the first one.
fn shortest(value: f64) -> (String, i32) {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or_default())
}

fn is_plain(digits: &str, exponent: i32) -> bool {
    let before_the_point = exponent + 1;
    let at_most = i32::try_from(digits.len()).unwrap_or(i32::MAX).max(PLAIN_DIGITS);
    (-3..=at_most).contains(&before_the_point)
}

fn plain(digits: &str, exponent: i32) -> String {
    let Ok(exponent) = usize::try_from(exponent) else {
        let zeros = usize::try_from(-1 - exponent).unwrap_or_default();
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    match digits.split_at_checked(exponent + 1) {
        Some((whole, "")) => format!("{whole}.0"),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits}{}.0", "0".repeat(exponent + 1 - digits.len())),
    }
}

fn scientific(digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}E{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::super::Token;

    #[test]
    fn floats_are_written_as_dotnet_writes_them() {
        for (read, written) in [
            ("1.10", "1.1"),
            ("1.0", "1.0"),
            ("-0.0", "-0.0"),
            ("0e5", "0.0"),
            ("1E5", "100000.0"),
            ("0.1000000000000000055511151231257827", "0.1"),
            ("204.1187294163", "204.1187294163"),
            ("0.0001", "0.0001"),
            ("0.00012345", "0.00012345"),
            ("0.00001", "1E-05"),
            ("1e-7", "1E-07"),
            ("1.25e-7", "1.25E-07"),
            ("1e14", "100000000000000.0"),
            ("1e15", "1E+15"),
            ("1234567890123456.0", "1234567890123456.0"),
            ("123456789012345680.0", "1.2345678901234568E+17"),
            ("100000000000000000000.5", "1E+20"),
            ("1.7976931348623157e308", "1.7976931348623157E+308"),
            ("-5e-324", "-5E-324"),
            ("1e400", "\"Infinity\""),
            ("-1e400", "\"-Infinity\""),
        ] {
            assert_eq!(Token::parse(read).unwrap().to_string(), written, "{read}");
        }
    }

    #[test]
    fn integers_keep_their_digits() {
        for (read, written) in [
            ("0", "0"),
            ("-0", "0"),
            ("9007199254740993", "9007199254740993"),
            ("-12345678901234567890123", "-12345678901234567890123"),
        ] {
            assert_eq!(Token::parse(read).unwrap().to_string(), written, "{read}");
        }
    }
}
