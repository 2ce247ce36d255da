//! The health endpoint of a release: a URL, or a Service through the API server's proxy.

use super::http;
use crate::cluster::{Address, Cluster};
use crate::config::{Access, HealthSettings};
use crate::domain::measurement::{HealthCheck, Tick};
use crate::domain::{Kind, ObjectKey, Str, Timestamp};
use reqwest::Url;
use reqwest::header::HeaderMap;
use tokio::time::timeout;

/// How many answers are kept.
const KEPT: usize = 60;

/// The address as it is shown: without user info and query.
pub fn shown(address: &str) -> Str {
    match address.parse::<Url>() {
        Ok(url) if url.has_host() => http::shown(&url).into(),
        Ok(_) | Err(_) => address.split('?').next().unwrap_or(address).into(),
    }
}

/// Asks once; `at` is the time of asking. The endpoint's own failure is an answer.
pub async fn ask(cluster: &Cluster, settings: &HealthSettings, namespace: &Str, at: Timestamp) -> Tick {
    let limit = settings.timeout;
    let address = settings.address.text.as_str();
    let status = async {
        match address.strip_prefix("svc/") {
            Some(service) => {
                let address = service_address(service, namespace);
                let answer = cluster.proxied(&address, &[], limit).await;
                answer.map(|answer| answer.status).map_err(|error| error.to_string())
            }
            None => {
                let url: Url = address.parse().map_err(|error| format!("no URL: {error}"))?;
                let client = http::client(&Access::default())?;
                http::get(&client, url, HeaderMap::new()).await.map(|(status, _)| status)
            }
        }
    };
    match timeout(limit, status).await {
        Ok(Ok(status)) => Tick { at, ok: status == settings.status, said: status.to_string().into() },
        Ok(Err(why)) => Tick { at, ok: false, said: why.into() },
        Err(_) => Tick { at, ok: false, said: format!("no answer within {} s", limit.as_secs_f32()).into() },
    }
}

/// Adds an answer to what was known.
pub fn with(known: Option<&HealthCheck>, address: &str, tick: Tick) -> HealthCheck {
    let address = shown(address);
    let mut ticks = known.filter(|known| known.address == address).map(|known| known.ticks.clone()).unwrap_or_default();
    if ticks.len() >= KEPT {
        ticks.remove(0);
    }
    ticks.push(tick);
    HealthCheck { address, ticks }
}

/// `NAME:PORT/PATH`, in the release's namespace or, as `NAME.NAMESPACE:PORT/PATH`, in another.
fn service_address(text: &str, namespace: &Str) -> Address {
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let (host, port) = host.split_once(':').unwrap_or((host, "80"));
    let (name, namespace) = host.split_once('.').unwrap_or((host, namespace));
    Address {
        target: ObjectKey::new(Kind::Service, namespace, name),
        scheme: "http".into(),
        port: port.into(),
        path: path.into(),
    }
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
        let tick = ask(&cluster, &settings(&good), &"shop".into(), at).await;
        assert_eq!((tick.ok, &*tick.said), (true, "200"));
        let bad =
            server("HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        let tick = ask(&cluster, &settings(&bad), &"shop".into(), at).await;
        assert_eq!((tick.ok, &*tick.said), (false, "302"), "a redirect is not followed");
    }

    #[tokio::test]
    async fn a_service_that_is_not_there_is_not_well() {
        let tick =
            ask(&cluster().await, &settings("svc/nobody:80/healthz"), &"shop".into(), Timestamp::UNIX_EPOCH).await;
        assert_eq!((tick.ok, &*tick.said), (false, "404"));
    }

    #[test]
    fn sixty_answers_are_kept_and_the_address_holds_no_secret() {
        let tick = |second| Tick { at: Timestamp::from_second(second).unwrap(), ok: true, said: "200".into() };
        let mut check = None;
        for second in 0..70 {
            check = Some(with(check.as_ref(), "https://ana:pw@shop.example/healthz?key=x", tick(second)));
        }
        let check = check.unwrap();
        assert_eq!((&*check.address, check.ticks.len()), ("https://shop.example/healthz", 60));
        assert_eq!(check.ticks[0].at.as_second(), 10);
    }
}
