//! What text costs: stripping what could steer a terminal, cutting a slice from raw JSON, the diff of two templates.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use std::hint::black_box;
use windlass::domain::raw::slice;
use windlass::domain::text::sanitize;
use windlass::strategy::workload::diff::templates;

/// A template with `variables` environment variables, each with `value`.
fn template(image: &str, variables: usize, value: &str) -> Box<RawValue> {
    let env: Vec<_> = (0..variables).map(|n| json!({"name": format!("VARIABLE_{n}"), "value": value})).collect();
    let container = json!({"name": "app", "image": image, "env": env, "args": ["sh", "-c", "a && b < c"]});
    to_raw_value(&json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}})).expect("JSON")
}

fn text(criterion: &mut Criterion) {
    let plain = "checkout-7d9f8c6b5-x2x4z  Running  reg.example/shop/checkout:1.9.3".to_owned();
    let hostile = "\u{1b}[31mred\u{202e} 漢字\u{200b}".repeat(5_000);
    let mut group = criterion.benchmark_group("sanitize");
    for (name, text) in [("a row", &plain), ("100 kB of escapes", &hostile)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(sanitize(black_box(text)).len())));
    }
    group.finish();

    let (old, new) = (template("web:v1", 60, "1s"), template("web:v2", 60, "2s"));
    criterion.bench_function("diff/two templates of 60 variables", |bencher| {
        bencher.iter(|| black_box(templates(black_box(&old), black_box(&new)).len()));
    });
    criterion.bench_function("raw/slice of a template", |bencher| {
        bencher.iter(|| black_box(slice(black_box(&old), "/spec/containers/0/image").is_some()));
    });
}

criterion_group!(benches, text);
criterion_main!(benches);
