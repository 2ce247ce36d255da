//! Amounts of processor time, memory and objects, as Kubernetes writes them.

/// The suffixes, with what one of them is (k8s.io/apimachinery, `resource.Quantity`).
const UNITS: [(&str, f64); 15] = [
    ("Ki", 1_024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// A quantity as a number (`100m`, `2`, `1.5Gi`, `4k`, `1e3`); `None` for what is none.
pub fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = UNITS.into_iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (number, factor) = unit.unwrap_or((text, 1.0));
    number.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_every_unit() {
        for (text, wanted) in [
            ("100m", Some(0.1)),
            ("2", Some(2.0)),
            ("1.5Gi", Some(1_610_612_736.0)),
            ("4k", Some(4_000.0)),
            ("1e3", Some(1_000.0)),
            ("1E3", Some(1_000.0)),
            ("2E", Some(2e18)),
            ("1Ei", Some(1_152_921_504_606_846_976.0)),
            ("", None),
            ("x", None),
            ("12Qi", None),
        ] {
            assert_eq!(quantity(text), wanted, "{text}");
        }
    }
}
