//! Reviews: who am I, and what may I do?

use super::Call;
use super::answer::Answer;
use super::change::body;
use crate::sim::json::Json;
use crate::sim::refusal::Refusal;
use serde_json::json;

pub fn answer(call: &Call, kind: &str) -> Result<Answer, Refusal> {
    let protobuf = call.header("content-type").contains("protobuf");
    let read = protobuf.then(|| super::protobuf::review(&call.body)).flatten();
    let mut review = read.map_or_else(|| body(call), Ok)?;
    review.put("/kind", kind);
    match kind {
        "SelfSubjectReview" => {
            review.put("/apiVersion", "authentication.k8s.io/v1");
            review.put("/status/userInfo", json!({"username": call.access.user, "groups": ["system:authenticated"]}));
        }
        "SelfSubjectAccessReview" => {
            let asked = review.at("/spec/resourceAttributes").clone();
            let text = |field: &str| asked.text(field).to_owned();
            let allowed =
                call.access.allows(&text("/verb"), &text("/resource"), &text("/subresource"), &text("/namespace"));
            review.put("/apiVersion", "authorization.k8s.io/v1");
            review.put("/status", json!({"allowed": allowed}));
        }
        _ => {
            let namespace = review.text("/spec/namespace").to_owned();
            review.put("/apiVersion", "authorization.k8s.io/v1");
            review.put(
                "/status",
                json!({"resourceRules": call.access.rules(&namespace), "nonResourceRules": [], "incomplete": false}),
            );
        }
    }
    Ok(Answer::json(201, &review))
}
