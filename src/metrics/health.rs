//! The health endpoint of a release: a URL, or a Service through the API server's proxy.

use super::http;
use super::source::Trouble;
use crate::cluster::{Address, Cluster, Proxied, ReadError};
use crate::config::{Access, HealthSettings};
use crate::domain::measurement::{HealthCheck, Tick};
use crate::domain::{Str, Timestamp};
use jiff::SignedDuration;
use reqwest::Url;
use reqwest::header::HeaderMap;
use tokio::time::timeout;

/// A Service's port where none is written.
const USUAL_PORT: &str = "80";

/// How many answers are kept.
const KEPT: usize = 60;

/// The address as it is shown: without user info and query.
pub fn shown(address: &str) -> Str {
    match address.parse::<Url>() {
        Ok(url) if url.has_host() => http::shown(&url).into(),
        Ok(_) | Err(_) => address.split('?').next().unwrap_or(address).into(),
    }
}

/// The Service that a health endpoint is reached through; `None`: it is a URL.
pub fn service(address: &str, namespace: &Str) -> Option<Address> {
    Address::of_service(address, namespace, USUAL_PORT)
}

/// Asks once; `at` is the time of asking. The endpoint's own failure is an answer; that we could not ask is none, and
/// says nothing of the release.
pub async fn ask(
    cluster: &Cluster,
    settings: &HealthSettings,
    namespace: &Str,
    at: Timestamp,
) -> Result<Tick, Trouble> {
    let limit = settings.timeout;
    let address = settings.address.text.as_str();
    let status = async {
        match service(address, namespace) {
            Some(address) => {
                // The limit around this is the one that counts: an endpoint that hangs is not well.
                let answer = cluster.proxied(&address, &[], limit.saturating_mul(2)).await;
                Ok(through_api_server(answer, &address)?)
            }
            None => Ok(directly(address).await),
        }
    };
    let tick = |ok, said: Str| Tick { at, ok, said };
    match timeout(limit, status).await {
        Ok(Ok(Ok(status))) => Ok(tick(status == settings.status, status.to_string().into())),
        Ok(Ok(Err(why))) => Ok(tick(false, why.into())),
        Ok(Err(trouble)) => Err(trouble),
        Err(_) => Ok(tick(false, format!("no answer within {} s", limit.as_secs_f32()).into())),
    }
}

/// The status that the endpoint answers, or why it does not.
async fn directly(address: &str) -> Result<u16, String> {
    let url: Url = address.parse().map_err(|error| format!("no URL: {error}"))?;
    let client = http::client(&Access::default())?;
    http::get(&client, url, HeaderMap::new()).await.map(|(status, _)| status)
}

/// The status of the endpoint behind the API server. What is the API server's own trouble is not the endpoint's.
fn through_api_server(answer: Result<Proxied, ReadError>, address: &Address) -> Result<Result<u16, String>, Trouble> {
    let answer = answer.map_err(|error| Trouble::new(format!("The health endpoint can't be asked: {error}")))?;
    match answer.status {
        status @ 403 if answer.by_api_server() => {
            let namespace = &address.target.namespace;
            let right = format!("the right to 'get services/proxy' in {namespace} is missing ({status})");
            Err(Trouble::new(format!("The health endpoint may not be asked: {right}.")))
        }
        // Nothing stands behind the Service, or nobody listens there: that is the endpoint's own.
        status @ (502 | 503)
            if answer.by_api_server() && says(&answer, &["no endpoints available", "connection refused"]) =>
        {
            Ok(Ok(status))
        }
        status if answer.by_api_server() && (status >= 500 || matches!(status, 401 | 429)) => {
            Err(Trouble::new(format!("The health endpoint can't be asked: the API server answers {status}.")))
        }
        status => Ok(Ok(status)),
    }
}

/// Whether the answer holds one of these words.
fn says(answer: &Proxied, words: &[&str]) -> bool {
    let text = String::from_utf8_lossy(&answer.body);
    words.iter().any(|word| text.contains(word))
}

/// Adds an answer, or why there is none, to what was known.
pub fn with(known: Option<&HealthCheck>, settings: &HealthSettings, asked: Result<Tick, Trouble>) -> HealthCheck {
    let address = shown(&settings.address.text);
    let every = SignedDuration::try_from(settings.interval).unwrap_or(SignedDuration::MAX);
    let mut ticks = known.filter(|known| known.address == address).map(|known| known.ticks.clone()).unwrap_or_default();
    let trouble = match asked {
        Ok(tick) => {
            if ticks.len() >= KEPT {
                ticks.remove(0);
            }
            ticks.push(tick);
            None
        }
        Err(Trouble(why)) => Some(why),
    };
    HealthCheck { address, every, ticks, trouble }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, Written};
    use crate::sim::{SimCluster, SimOptions};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    fn settings(address: &str) -> HealthSettings {
        HealthSettings {
            address: Written { text: address.into(), origin: Origin::Default },
            status: 200,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
        }
    }

    async fn cluster() -> Cluster {
        let sim = SimCluster::scenario("rolling", &SimOptions::manual()).unwrap();
        Cluster::over(sim.client(), "test", &crate::cluster::ConnectOptions::default()).await.unwrap()
    }

    /// A server that gives every request the same answer.
    async fn server(answer: &'static str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        format!("http://{address}/healthz?key=secret")
    }

    #[tokio::test]
    async fn the_expected_status_is_well_and_any_other_is_not() {
        let cluster = cluster().await;
        let at = Timestamp::UNIX_EPOCH;
        let good = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        let tick = ask(&cluster, &settings(&good), &"shop".into(), at).await.unwrap();
        assert_eq!((tick.ok, &*tick.said), (true, "200"));
        let bad =
            server("HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        let tick = ask(&cluster, &settings(&bad), &"shop".into(), at).await.unwrap();
        assert_eq!((tick.ok, &*tick.said), (false, "302"), "a redirect is not followed");
    }

    #[tokio::test]
    async fn a_service_that_is_not_there_is_not_well() {
        let tick = ask(&cluster().await, &settings("svc/nobody:80/healthz"), &"shop".into(), Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        assert_eq!((tick.ok, &*tick.said), (false, "404"));
    }

    #[test]
    fn that_we_may_not_ask_is_no_answer_of_the_endpoint() {
        let address = service("svc/web:80/healthz", &"shop".into()).unwrap();
        let of = |status, body: &'static str| {
            through_api_server(Ok(Proxied { status, body: body.as_bytes().into() }), &address)
        };
        let refusal = r#"{"kind":"Status","apiVersion":"v1","code":403}"#;
        assert!(matches!(of(403, refusal), Err(Trouble(why)) if why.contains("'get services/proxy' in shop")));
        assert_eq!(of(403, "no"), Ok(Ok(403)), "the endpoint's own refusal");
        let nobody =
            r#"{"kind":"Status","apiVersion":"v1","message":"no endpoints available for service \"web\"","code":503}"#;
        assert_eq!(of(503, nobody), Ok(Ok(503)), "nothing is behind the Service");
        let closed = r#"{"kind":"Status","apiVersion":"v1","message":"error trying to reach service: dial tcp 10.0.0.1:80: connect: connection refused","code":503}"#;
        assert_eq!(of(503, closed), Ok(Ok(503)), "nobody listens");
        let tunnel = r#"{"kind":"Status","apiVersion":"v1","message":"error trying to reach service: No agent available","code":503}"#;
        for status in [500, 502, 503, 504] {
            assert!(of(status, tunnel).is_err(), "{status}: the API server's own way is broken");
            assert_eq!(of(status, "oops"), Ok(Ok(status)), "{status} of the endpoint");
        }
        let unreachable = Err(ReadError::Unreachable(crate::cluster::Away::silent("The API server is away.")));
        let Err(trouble) = through_api_server(unreachable, &address) else { panic!("an answer") };
        let before = with(
            None,
            &settings("svc/web:80/healthz"),
            Ok(Tick { at: Timestamp::UNIX_EPOCH, ok: true, said: "200".into() }),
        );
        let after = with(Some(&before), &settings("svc/web:80/healthz"), Err(trouble));
        assert_eq!((after.ticks, after.trouble.is_some()), (before.ticks, true));
    }

    #[test]
    fn sixty_answers_are_kept_and_the_address_holds_no_secret() {
        let tick = |second| Tick { at: Timestamp::from_second(second).unwrap(), ok: true, said: "200".into() };
        let mut check = None;
        for second in 0..70 {
            let settings = settings("https://ana:pw@shop.example/healthz?key=x");
            check = Some(with(check.as_ref(), &settings, Ok(tick(second))));
        }
        let check = check.unwrap();
        assert_eq!((&*check.address, check.ticks.len()), ("https://shop.example/healthz", 60));
        assert_eq!(check.ticks[0].at.as_second(), 10);
    }
}
