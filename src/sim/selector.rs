//! Label and field selectors, as in list and watch requests and in the specs of Services and workloads.

use super::json::Json;
use super::object::Object;
use serde_json::Value;

/// One condition on labels.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Need {
    Equals(String, String),
    Differs(String, String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// A conjunction of conditions on labels; the empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector(Vec<Need>);

impl LabelSelector {
    /// Reads `a=b,c!=d,e in (f,g),h,!i`.
    pub fn parse(text: &str) -> Result<LabelSelector, String> {
        split_outside_brackets(text).into_iter().map(need).collect::<Result<_, _>>().map(LabelSelector)
    }

    /// Reads the selector of a Service: a map of labels.
    pub fn of_map(map: &Value) -> LabelSelector {
        LabelSelector(equalities(map))
    }

    /// Reads the selector of a workload: `matchLabels` and `matchExpressions`.
    pub fn of_spec(selector: &Value) -> LabelSelector {
        let mut needs = equalities(selector.at("/matchLabels"));
        for expression in selector.list("/matchExpressions") {
            let key = expression.text("/key").to_owned();
            let values: Vec<String> =
                expression.list("/values").iter().filter_map(Value::as_str).map(str::to_owned).collect();
            needs.push(match expression.text("/operator") {
                "In" => Need::In(key, values),
                "NotIn" => Need::NotIn(key, values),
                "Exists" => Need::Exists(key),
                _ => Need::Absent(key),
            });
        }
        LabelSelector(needs)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn matches(&self, object: &Object) -> bool {
        self.0.iter().all(|need| need.holds(|key| object.label(key)))
    }

    /// Whether a map of labels matches.
    pub fn matches_map(&self, labels: &Value) -> bool {
        self.0.iter().all(|need| need.holds(|key| labels.get(key).and_then(Value::as_str)))
    }

    /// The selector as text, as `/scale` shows it.
    pub fn text(&self) -> String {
        let parts = self.0.iter().map(|need| match need {
            Need::Equals(key, value) => format!("{key}={value}"),
            Need::Differs(key, value) => format!("{key}!={value}"),
            Need::In(key, values) => format!("{key} in ({})", values.join(",")),
            Need::NotIn(key, values) => format!("{key} notin ({})", values.join(",")),
            Need::Exists(key) => key.clone(),
            Need::Absent(key) => format!("!{key}"),
        });
        parts.collect::<Vec<_>>().join(",")
    }
}

fn equalities(map: &Value) -> Vec<Need> {
    map.entries("").filter_map(|(key, value)| Some(Need::Equals(key.clone(), value.as_str()?.to_owned()))).collect()
}

impl Need {
    fn holds<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        match self {
            Need::Equals(key, value) => label(key) == Some(value),
            Need::Differs(key, value) => label(key) != Some(value),
            Need::In(key, values) => label(key).is_some_and(|have| values.iter().any(|v| v == have)),
            Need::NotIn(key, values) => label(key).is_none_or(|have| values.iter().all(|v| v != have)),
            Need::Exists(key) => label(key).is_some(),
            Need::Absent(key) => label(key).is_none(),
        }
    }
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut parts = vec![];
    let (mut depth, mut start) = (0_u32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn need(part: &str) -> Result<Need, String> {
    let set = |rest: &str| -> Result<Vec<String>, String> {
        let inner = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let inner = inner.ok_or_else(|| format!("unable to parse requirement: {part}"))?;
        Ok(inner.split(',').map(|value| value.trim().to_owned()).collect())
    };
    if let Some((key, rest)) = part.split_once(" notin ") {
        return Ok(Need::NotIn(key.trim().to_owned(), set(rest)?));
    }
    if let Some((key, rest)) = part.split_once(" in ") {
        return Ok(Need::In(key.trim().to_owned(), set(rest)?));
    }
    let pair = |key: &str, value: &str| (key.trim().to_owned(), value.trim().to_owned());
    if let Some((key, value)) = part.split_once("!=") {
        let (key, value) = pair(key, value);
        return Ok(Need::Differs(key, value));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        let (key, value) = pair(key, value);
        return Ok(Need::Equals(key, value));
    }
    if let Some(key) = part.strip_prefix('!') {
        return Ok(Need::Absent(key.trim().to_owned()));
    }
    if part.contains(char::is_whitespace) {
        return Err(format!("unable to parse requirement: {part}"));
    }
    Ok(Need::Exists(part.to_owned()))
}

/// A conjunction of conditions on fields: `(pointer, equal, value)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    /// Reads `metadata.name=a,status.phase!=Running`.
    pub fn parse(text: &str) -> Result<FieldSelector, String> {
        let part = |part: &str| {
            let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
                (field, false, value)
            } else {
                let (field, value) = part
                    .split_once("==")
                    .or_else(|| part.split_once('='))
                    .ok_or_else(|| format!("invalid selector: '{part}'; can't understand '{part}'"))?;
                (field, true, value)
            };
            Ok((format!("/{}", field.trim().replace('.', "/")), equal, value.trim().to_owned()))
        };
        text.split(',').filter(|text| !text.is_empty()).map(part).collect::<Result<_, _>>().map(FieldSelector)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name, when the selector asks for exactly one.
    pub fn name(&self) -> Option<&str> {
        self.0.iter().find(|(field, equal, _)| field == "/metadata/name" && *equal).map(|(.., value)| value.as_str())
    }

    pub fn matches(&self, object: &Object) -> bool {
        if self.is_empty() {
            return true;
        }
        if let Some(name) = self.name()
            && *object.id.name != *name
        {
            return false;
        }
        let value = object.parse();
        self.0.iter().all(|(field, equal, wanted)| (value.text(field) == wanted) == *equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_label_selector_of_every_form_matches_as_kubernetes_says() {
        let labels = json!({"app": "web", "tier": "front"});
        let holds = |text: &str| LabelSelector::parse(text).unwrap().matches_map(&labels);
        assert!(holds("app=web,tier in (front, back)"));
        assert!(holds("app==web,!missing,tier"));
        assert!(holds("app!=api,other notin (x)"));
        assert!(!holds("app in (a,b)"));
        assert!(!holds("!app"));
        assert!(LabelSelector::parse("a b c").is_err());
    }
}
