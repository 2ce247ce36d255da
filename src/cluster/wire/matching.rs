//! Which requests a rule is for, as Istio and the Gateway API write it.

use super::tree::Node;
use crate::domain::Str;
use crate::domain::traffic::matching::{Condition, Match, On, Test};

/// The entries of Istio's `match` (http, tls and tcp), also as Flagger's and Argo's objects hold them.
pub fn istio(list: &Node<'_>) -> Vec<Match> {
    list.items().iter().map(istio_one).collect()
}

fn istio_one(item: &Node<'_>) -> Match {
    let mut conditions = Vec::new();
    for (name, node) in item.members() {
        match name {
            "name" | "ignoreUriCase" | "statPrefix" => {}
            "uri" | "method" | "authority" | "scheme" => {
                conditions.extend(string(&node).map(|test| positive(place(name), test)));
            }
            "headers" => conditions.extend(node.members().iter().map(|(name, node)| header(name, node, false))),
            "withoutHeaders" => conditions.extend(node.members().iter().map(|(name, node)| header(name, node, true))),
            "queryParams" => conditions.extend(
                node.members()
                    .iter()
                    .map(|(name, node)| positive(On::Query((*name).into()), string(node).unwrap_or(Test::Present))),
            ),
            "port" => conditions.extend(node.loose().map(|port| positive(On::Port, Test::Exact(port)))),
            "sniHosts" => conditions.extend(joined(&node.texts()).map(|hosts| positive(On::Host, Test::Exact(hosts)))),
            "sourceLabels" => {
                let labels = node.members();
                let labels = labels.iter().filter_map(|(name, node)| Some(format!("{name}={}", node.text()?)));
                let labels: Vec<Str> = labels.map(Str::from).collect();
                conditions.extend(joined(&labels).map(|labels| positive(On::Source, Test::Exact(labels))));
            }
            other => {
                let value = node.loose_list();
                conditions.push(positive(On::Other(other.into()), value.map_or(Test::Present, Test::Exact)));
            }
        }
    }
    Match { name: item.at("name").kept(), conditions }
}

fn place(name: &str) -> On {
    match name {
        "uri" => On::Path,
        "method" => On::Method,
        "authority" => On::Host,
        other => On::Other(other.into()),
    }
}

/// The entries of a Gateway API rule's `matches`.
pub fn gateway(list: &Node<'_>) -> Vec<Match> {
    list.items().iter().map(gateway_one).collect()
}

fn gateway_one(item: &Node<'_>) -> Match {
    let mut conditions = Vec::new();
    for (name, node) in item.members() {
        match name {
            "name" => {}
            "path" => {
                let value = node.at("value").text().unwrap_or("/").into();
                // The API's default is PathPrefix.
                let test = match node.at("type").text() {
                    Some("Exact") => Test::Exact(value),
                    Some("RegularExpression") => Test::Regex(value),
                    _ => Test::Prefix(value),
                };
                conditions.push(positive(On::Path, test));
            }
            "headers" => {
                conditions.extend(node.items().iter().filter_map(|node| {
                    Some(Condition { on: on_header(node.at("name").text()?), test: typed(node), negated: false })
                }));
            }
            "queryParams" => {
                conditions.extend(
                    node.items()
                        .iter()
                        .filter_map(|node| Some(positive(On::Query(node.at("name").kept()?), typed(node)))),
                );
            }
            "method" => conditions.extend(method(&node)),
            other => conditions.push(positive(On::Other(other.into()), Test::Present)),
        }
    }
    Match { name: item.at("name").kept(), conditions }
}

/// HTTP: a word. gRPC: an object with service and method.
fn method(node: &Node<'_>) -> Option<Condition> {
    if node.is_object() {
        let part = |name: &str| node.at(name).text().unwrap_or("*").to_owned();
        let text: Str = format!("{}/{}", part("service"), part("method")).into();
        let regex = node.at("type").text() == Some("RegularExpression");
        return Some(positive(On::Method, if regex { Test::Regex(text) } else { Test::Exact(text) }));
    }
    Some(positive(On::Method, Test::Exact(node.kept()?)))
}

/// A Gateway API value with its type; the default is Exact.
fn typed(node: &Node<'_>) -> Test {
    let value = node.at("value").text().unwrap_or_default().into();
    match node.at("type").text() {
        Some("RegularExpression") => Test::Regex(value),
        _ => Test::Exact(value),
    }
}

fn positive(on: On, test: Test) -> Condition {
    Condition { on, test, negated: false }
}

fn header(name: &str, node: &Node<'_>, negated: bool) -> Condition {
    Condition { on: on_header(name), test: string(node).unwrap_or(Test::Present), negated }
}

fn on_header(name: &str) -> On {
    let name = name.to_ascii_lowercase();
    if name == "cookie" { On::Cookie } else { On::Header(name.into()) }
}

/// Istio's `StringMatch`; an empty one asks for nothing but that it is there.
fn string(node: &Node<'_>) -> Option<Test> {
    let text = |name: &str| node.at(name).text().map(Str::from);
    text("exact")
        .map(Test::Exact)
        .or_else(|| text("prefix").map(Test::Prefix))
        .or_else(|| text("regex").map(Test::Regex))
}

fn joined(texts: &[Str]) -> Option<Str> {
    (!texts.is_empty()).then(|| texts.join(", ").into())
}

/// The entries of Flagger's `analysis.match`: Istio's form, or with the Gateway API's lists of headers and parameters.
pub fn istio_or_gateway(list: &Node<'_>) -> Vec<Match> {
    let one = |item: &Node<'_>| {
        let lists = item.at("headers").is_list() || item.at("queryParams").is_list() || item.at("path").is_there();
        if lists { gateway_one(item) } else { istio_one(item) }
    };
    list.items().iter().map(one).collect()
}

/// `setHeaderRoute.match`: all entries hold together.
pub fn header_route(list: &Node<'_>) -> Vec<Match> {
    let items = list.items();
    let one = |item: &Node<'_>| {
        let name = item.at("headerName").text()?;
        Some(header(name, &item.at("headerValue"), false))
    };
    let conditions: Vec<Condition> = items.iter().filter_map(one).collect();
    if conditions.is_empty() { Vec::new() } else { vec![Match { name: None, conditions }] }
}

/// `setMirrorRoute.match`: alternatives of method, path and headers.
pub fn mirror_route(list: &Node<'_>) -> Vec<Match> {
    let one = |item: &Node<'_>| {
        let mut conditions = Vec::new();
        conditions.extend(string(&item.at("method")).map(|test| positive(On::Method, test)));
        conditions.extend(string(&item.at("path")).map(|test| positive(On::Path, test)));
        conditions.extend(item.at("headers").members().iter().map(|(name, node)| header(name, node, false)));
        Match { name: None, conditions }
    };
    list.items().iter().map(one).collect()
}
