//! Whole numbers on the command line, refused with what is allowed instead of with the parser's words.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

/// Reads a whole number of `allowed`; another text is answered with `write`, as in "write a port, 0 to 65535".
pub fn whole<T>(
    allowed: RangeInclusive<T>,
    write: &'static str,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| text.trim().parse().ok().filter(|number| allowed.contains(number)).ok_or_else(|| write.to_owned())
}

/// A number of replicas.
pub fn replicas(text: &str) -> Result<i32, String> {
    whole(0..=i32::MAX, "write how many, as a whole number from 0")(text)
}

/// A share of the traffic.
pub fn weight(text: &str) -> Result<u8, String> {
    whole(0..=100, "write a whole number of per cent from 0 to 100")(text)
}

/// The number of a revision.
pub fn revision(text: &str) -> Result<i64, String> {
    whole(0..=i64::MAX, "write a revision's number, as `windlass history` shows it")(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_such_number_is_answered_with_what_is_allowed() {
        assert_eq!((replicas("3"), weight(" 100 ")), (Ok(3), Ok(100)));
        for wrong in ["abc", "-1", "1.5", "", "99999999999"] {
            assert_eq!(replicas(wrong).unwrap_err(), "write how many, as a whole number from 0", "{wrong}");
        }
        assert_eq!(weight("101").unwrap_err(), "write a whole number of per cent from 0 to 100");
    }
}
