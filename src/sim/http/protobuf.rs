//! The one request that kubectl sends as protobuf only: may I? As much of the encoding as that takes.

use serde_json::{Value, json};

/// What every Kubernetes object starts with when it is sent as protobuf.
const MAGIC: &[u8] = b"k8s\0";

/// The fields of a message that hold bytes, as they come: their numbers and contents. Nothing for what is no message.
fn fields(mut bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let mut found = vec![];
    while let Some(key) = varint(&mut bytes) {
        match key & 7 {
            0 => {
                if varint(&mut bytes).is_none() {
                    break;
                }
            }
            2 => {
                let Some(length) = varint(&mut bytes).and_then(|length| usize::try_from(length).ok()) else { break };
                let Some((content, rest)) = bytes.split_at_checked(length) else { break };
                found.push((key >> 3, content));
                bytes = rest;
            }
            _ => break,
        }
    }
    found
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn field(bytes: &[u8], number: u64) -> &[u8] {
    fields(bytes).into_iter().find(|(have, _)| *have == number).map_or(&[], |(_, content)| content)
}

/// A `SelfSubjectAccessReview` or `SelfSubjectRulesReview` as its JSON would be; `None` when it is no protobuf at all.
/// The numbers of the fields are those of `k8s.io/api/authorization/v1/generated.proto`.
pub fn review(body: &[u8]) -> Option<Value> {
    let object = field(body.strip_prefix(MAGIC)?, 2);
    let spec = field(object, 2);
    let asked = fields(field(spec, 1));
    let names = ["namespace", "verb", "group", "version", "resource", "subresource", "name"];
    let mut attributes = json!({});
    for (number, content) in asked {
        if let Some(name) = usize::try_from(number).ok().and_then(|number| names.get(number.checked_sub(1)?)) {
            attributes[*name] = String::from_utf8_lossy(content).into();
        }
    }
    // Of a rules review the first field is the namespace itself.
    let namespace = String::from_utf8_lossy(field(spec, 1));
    Some(json!({"metadata": {}, "spec": {"resourceAttributes": attributes, "namespace": namespace}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![];
        for (number, content) in fields {
            bytes.extend([number << 3 | 2, u8::try_from(content.len()).expect("short")]);
            bytes.extend(*content);
        }
        bytes
    }

    #[test]
    fn a_question_about_rights_is_read_and_rubbish_is_no_question() {
        let attributes = message(&[(1, b"shop"), (2, b"patch"), (3, b"apps"), (5, b"deployments")]);
        let review_object = message(&[(1, b""), (2, &message(&[(1, &attributes)]))]);
        let mut body = MAGIC.to_vec();
        body.extend(message(&[(1, b"type"), (2, &review_object)]));
        let read = review(&body).expect("protobuf");
        let asked = json!({"namespace": "shop", "verb": "patch", "group": "apps", "resource": "deployments"});
        assert_eq!(read["spec"]["resourceAttributes"], asked);
        assert_eq!(review(b"{}"), None);
        assert!(review(b"k8s\0\xff\xff\xff").is_some(), "cut off: an empty question");
    }
}
