//! The source against a server on loopback that answers as it is told, and counts.

mod board;
mod grouped;
mod presets;
mod tls;

use super::*;
use crate::cluster::{Clock, Cluster, ConnectOptions};
use crate::config::Sources;
use crate::domain::Kind;
use crate::domain::measurement::Reading;
use crate::domain::release::Role;
use crate::domain::{Release, Snapshot, Uid};
use crate::guard::{Rules, State, Verdict, judge};
use crate::metrics::MeterOptions;
use crate::metrics::source::Asked;
use crate::strategy::testing::shop::Shop;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Status and body for the path and query of a request.
type Answers = Arc<dyn Fn(&str) -> (u16, String) + Send + Sync>;

struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answers: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (answers, noted): (Answers, _) = (Arc::new(answers), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answers, noted) = (Arc::clone(&answers), Arc::clone(&noted));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                        let mut part = [0; 4096];
                        let Ok(read @ 1..) = stream.read(&mut part).await else { return };
                        head.extend_from_slice(&part[..read]);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or_default();
                    let url: reqwest::Url = format!("http://x{path}").parse().unwrap();
                    let query: Vec<String> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
                    let asked = format!("{} {}", url.path(), query.join(" "));
                    let (status, body) = answers(&asked);
                    noted.lock().unwrap().push(asked);
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn vector(rows: &str) -> (u16, String) {
    (200, format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{rows}]}}}}"#))
}

fn names(names: &str) -> (u16, String) {
    (200, format!(r#"{{"status":"success","data":[{names}]}}"#))
}

fn row(workload: &str, code: &str, value: &str) -> String {
    format!(r#"{{"metric":{{"destination_workload":"{workload}","response_code":"{code}"}},"value":[1000,"{value}"]}}"#)
}

/// A stable and a candidate Deployment that one Service selects.
fn canary() -> Shop {
    let image = |object: &mut serde_json::Value| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = "reg/web:v2".into();
    };
    Shop::default()
        .deployment("web", &[("app", "web"), ("track", "stable")], "v1", (3, 90_000))
        .deployment("web-canary", &[("app", "web"), ("track", "canary")], "v2", (1, 900))
        .set(Kind::Deployment, "web-canary", image)
        .set(Kind::ReplicaSet, "web-canary-h1", image)
        .service("web", &[("app", "web")])
        .addresses("web", &["web-h1-0", "web-h1-1", "web-h1-2", "web-canary-h1-0"])
}

fn question(release: Arc<Release>) -> Question {
    Question {
        lanes: Lanes::of(&release),
        release,
        window: SignedDuration::from_mins(1),
        span: SignedDuration::from_mins(15),
        recent: None,
        now: Timestamp::from_second(1_000).unwrap(),
    }
}

/// What a meter works with, over these releases or none, and who tells it of others.
async fn options(config: &str, now: Option<Arc<Snapshot>>) -> (watch::Sender<Arc<Snapshot>>, MeterOptions) {
    let sources = Sources { file: Some(("config.toml".into(), config.to_owned())), ..Sources::default() };
    let sim = crate::sim::SimCluster::scenario("rolling", &crate::sim::SimOptions::manual()).unwrap();
    let cluster = Cluster::over(sim.client(), "test", &ConnectOptions::default()).await.unwrap();
    let empty = || Arc::new(Snapshot::empty(cluster.identity(), Timestamp::from_second(1_000).unwrap()));
    let (sender, snapshots) = watch::channel(now.unwrap_or_else(empty));
    let config = Arc::new(Config::resolve(&sources).unwrap());
    (sender, MeterOptions { cluster, snapshots, config, clock: Clock::system() })
}

async fn source(config: &str) -> Prometheus {
    let (_, options) = options(config, None).await;
    Prometheus::new(Arc::new(Client::new(&options)), options.config)
}

async fn at(server: &Server) -> Prometheus {
    source(&format!("[metrics]\nprometheus = \"{}\"\n", server.address)).await
}

fn release() -> Arc<Release> {
    let shop = canary();
    shop.release(Kind::Service, "web")
}

fn of(found: &Found, role: Role) -> &TrackMeasured {
    found.tracks.iter().find(|track| track.role == role).unwrap()
}

#[tokio::test]
async fn each_track_gets_the_series_of_its_workload() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(r#""istio_requests_total""#),
        asked if asked.starts_with("/api/v1/query_range") => vector(""),
        asked if asked.contains("_bucket") => vector(""),
        _ => vector(
            &[
                row("web", "200", "90"),
                row("web-canary", "200", "8"),
                row("web-canary", "503", "2"),
                row("other", "500", "9"),
            ]
            .join(","),
        ),
    })
    .await;
    let found = at(&server).await.release(&question(release())).await.unwrap().unwrap();
    let (stable, candidate) = (of(&found, Role::Stable), of(&found, Role::Candidate));
    assert_eq!((stable.requests.value(), stable.errors.value(), stable.samples), (Some(90.0), Some(0.0), Some(5_400)));
    assert_eq!((candidate.requests.value(), candidate.errors.value()), (Some(10.0), Some(0.2)));
    assert_eq!(candidate.p99, Reading::NoSource, "there is no histogram");
    assert_eq!(&*found.detail, format!("istio metrics of {}", server.address));
}

#[tokio::test]
async fn no_requests_are_no_traffic_and_no_series_are_no_source() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(r#""istio_requests_total","http_requests_total""#),
        asked if asked.contains("istio") && !asked.contains("range") && !asked.contains("bucket") => {
            vector(&row("web", "200", "NaN"))
        }
        _ => vector(""),
    })
    .await;
    let found = at(&server).await.release(&question(release())).await.unwrap().unwrap();
    assert_eq!(
        (&of(&found, Role::Stable).errors, &of(&found, Role::Candidate).errors),
        (&Reading::NoTraffic, &Reading::NoTraffic)
    );
    let empty =
        Server::start(|asked| if asked.contains("label/") { names(r#""http_requests_total""#) } else { vector("") })
            .await;
    assert_eq!(at(&empty).await.release(&question(release())).await, Ok(None));
}

#[tokio::test]
async fn an_infinite_rate_is_no_number_and_breaks_no_rule() {
    for odd in ["+Inf", "-Inf"] {
        let server = Server::start(move |asked| match asked {
            asked if asked.contains("label/") => names(r#""istio_requests_total""#),
            asked if asked.contains("range") || asked.contains("bucket") => vector(""),
            _ => vector(
                &[row("web-canary", "500", odd), row("web-canary", "200", "3"), row("web", "200", "3")].join(","),
            ),
        })
        .await;
        let question = question(release());
        let found = at(&server).await.release(&question).await.unwrap().unwrap();
        let asked = Asked { found, trouble: None };
        let measured = asked.over(None, &question, SignedDuration::from_secs(5));
        let rules = Rules { settle: SignedDuration::ZERO, ..Rules::default() };
        let judged = judge(&rules, Some(&measured), &question.release, &State::default(), question.now);
        assert_eq!(judged.findings[0].verdict, Verdict::NoData, "{odd}: {}", judged.reason);
        assert!(
            judged.findings[0].text.contains(&format!("the source gives {odd}")),
            "{odd}: {}",
            judged.findings[0].text
        );
        assert_eq!(measured.track(Role::Stable).and_then(|track| track.errors.value()), Some(0.0));
    }
}

#[tokio::test]
async fn without_a_label_for_the_outcome_there_is_no_share_of_errors() {
    let bare = r#"{"metric":{"destination_workload":"web"},"value":[1000,"3"]}"#;
    let server = Server::start(move |asked| match asked {
        asked if asked.contains("label/") => names(r#""istio_requests_total""#),
        asked if asked.contains("range") || asked.contains("bucket") => vector(""),
        _ => vector(bare),
    })
    .await;
    let found = at(&server).await.release(&question(release())).await.unwrap().unwrap();
    let stable = of(&found, Role::Stable);
    assert_eq!((stable.requests.value(), &stable.errors), (Some(3.0), &Reading::NoSource));
}

#[tokio::test]
async fn a_query_that_is_too_slow_takes_only_its_own_numbers() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/") => names(r#""istio_requests_total""#),
        asked if asked.contains("range") && asked.contains("_bucket") => {
            (503, r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#.into())
        }
        asked if asked.contains("range") || asked.contains("bucket") => vector(""),
        _ => vector(&row("web", "500", "3")),
    })
    .await;
    let source = at(&server).await;
    for _ in 0..2 {
        let found = source.release(&question(release())).await.unwrap().unwrap();
        assert_eq!(of(&found, Role::Stable).errors.value(), Some(1.0));
        assert!(found.detail.contains("query timed out"), "{}", found.detail);
    }
}

#[tokio::test]
async fn a_gates_past_stays_fine_over_a_week_of_charts() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/") => names(r#""istio_requests_total""#),
        asked if asked.contains("range") || asked.contains("bucket") => vector(""),
        _ => vector(&row("web", "200", "3")),
    })
    .await;
    let (release, week) = (release(), SignedDuration::from_hours(168));
    let now = Timestamp::from_second(1_000_000).unwrap();
    let recent = crate::metrics::source::recent(&release, (week, SignedDuration::from_mins(15)), now);
    let found = at(&server).await.release(&Question { span: week, recent, now, ..question(release) }).await;
    let found = found.unwrap().unwrap();
    let stable = of(&found, Role::Stable);
    assert_eq!((stable.series.step.as_secs(), stable.judged_past().step.as_secs()), (10_080, 15));
}

#[tokio::test]
async fn a_namespace_costs_one_request_whatever_it_holds() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/__name__") => names(r#""istio_requests_total""#),
        _ => vector(&row("web", "500", "3")),
    })
    .await;
    let source = at(&server).await;
    let web = release();
    for namespace in 0..50 {
        let copies = (0..40).map(|copy| (Uid::new(format!("{namespace}-{copy}")), Lanes::of(&web)));
        let question = BoardQuestion {
            namespace: format!("ns-{namespace}").into(),
            releases: copies.collect(),
            own: Vec::new(),
            window: SignedDuration::from_mins(1),
            now: Timestamp::from_second(1_000).unwrap(),
        };
        let found = source.namespace(&question).await.unwrap().unwrap();
        assert_eq!(found.tracks.len(), 40);
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 51, "2,000 releases: one request a namespace, and one for the names");
}

#[tokio::test]
async fn what_is_no_answer_is_told_and_the_server_is_left_alone_for_a_while() {
    let server = Server::start(|_| (200, "<html>Sign in</html>".to_owned())).await;
    let source = at(&server).await;
    let Err(Trouble(why)) = source.release(&question(release())).await else { panic!("no answer was taken") };
    assert!(why.contains("an HTML page") && why.contains("asked again after 5 s"), "{why}");
    assert_eq!(source.release(&question(release())).await, Err(Trouble(why)));
    assert_eq!(server.asked().len(), 1, "the second time it was not asked");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_secrets() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let source = source(&format!("[metrics]\nprometheus = \"http://127.0.0.1:{port}/prom?token=s3cret\"\n")).await;
    let Err(Trouble(why)) = source.release(&question(release())).await else { panic!("nothing is there") };
    assert!(why.starts_with(&format!("Prometheus at http://127.0.0.1:{port}/prom refuses the connection")), "{why}");
    assert!(!why.contains("s3cret"));
}

#[tokio::test]
async fn an_own_query_is_asked_for_each_track_and_a_bad_one_names_its_line() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/") => names(""),
        asked if asked.contains("broken") => {
            (400, r#"{"status":"error","errorType":"bad_data","error":"1:7: parse error: unexpected end"}"#.into())
        }
        asked if asked.contains("query_range") => (200, r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[116,"0.5"],[1001,"0.25"]]}]}}"#.into()),
        asked if asked.contains("app=web-canary") => vector(r#"{"metric":{},"value":[1000,"0.25"]}"#),
        asked if asked.contains("app=web ") || asked.ends_with("app=web}") => vector(r#"{"metric":{"a":"1"},"value":[1000,"1"]},{"metric":{"a":"2"},"value":[1000,"1"]}"#),
        _ => vector(r#"{"metric":{},"value":[1000,"12"]}"#),
    })
    .await;
    let config = format!(
        "[metrics]\nprometheus = \"{}\"\nerror_rate_query = \"errors{{app={{{{workload}}}}}}\"\nlatency_query = \"broken(\"\nrequest_rate_query = \"rate of {{{{track}}}}\"\n",
        server.address
    );
    let found = source(&config).await.release(&question(release())).await.unwrap().unwrap();
    let (stable, candidate) = (of(&found, Role::Stable), of(&found, Role::Candidate));
    assert_eq!((candidate.errors.value(), candidate.requests.value()), (Some(0.25), Some(12.0)));
    assert_eq!(candidate.series.errors.iter().flatten().copied().collect::<Vec<_>>(), [0.5, 0.25]);
    assert!(
        matches!(&stable.errors, Reading::Unusable(why) if why.contains("config.toml:3") && why.contains("2 series")),
        "{stable:?}"
    );
    assert!(
        matches!(&candidate.p99, Reading::Unusable(why) if why.contains("config.toml:4") && why.contains("parse error")),
        "{candidate:?}"
    );
    assert!(!server.asked().iter().any(|asked| asked.contains("label/")), "own queries need no preset");
}

#[tokio::test]
async fn a_share_beyond_one_is_not_taken_for_a_ratio() {
    let server = Server::start(|_| vector(r#"{"metric":{},"value":[1000,"5"]}"#)).await;
    let config = format!(
        "[metrics]\nprometheus = \"{}\"\nerror_rate_query = \"a\"\nlatency_query = \"b\"\nrequest_rate_query = \"c\"\n",
        server.address
    );
    let found = source(&config).await.release(&question(release())).await.unwrap().unwrap();
    assert!(matches!(&of(&found, Role::Stable).errors, Reading::Unusable(why) if why.contains("from 0 to 1")));
}

#[tokio::test]
async fn a_server_whose_clock_is_ahead_is_asked_for_its_own_past() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/") => names(r#""istio_requests_total""#),
        asked if asked.contains("range") || asked.contains("bucket") => vector(""),
        // An hour ahead of ours.
        _ => vector(r#"{"metric":{"destination_workload":"web","response_code":"200"},"value":[4600,"1"]}"#),
    })
    .await;
    let found = at(&server).await.release(&question(release())).await.unwrap().unwrap();
    let range = server.asked().into_iter().find(|asked| asked.contains("query_range")).unwrap();
    assert!(range.contains("end=4600.000"), "{range}");
    assert_eq!(of(&found, Role::Stable).series.start.as_second(), 1_000 - 59 * 15);
}

#[tokio::test]
async fn a_server_whose_clock_is_behind_is_asked_for_its_own_past_by_own_queries_alone_too() {
    let presets = "";
    let own = "error_rate_query = \"a\"\nlatency_query = \"b\"\nrequest_rate_query = \"c\"\n";
    for settings in [presets, own] {
        let server = Server::start(|asked| match asked {
            asked if asked.contains("label/") => names(r#""istio_requests_total""#),
            asked if asked.contains("range") || asked.contains("bucket") => vector(""),
            // Ten minutes behind ours.
            _ => vector(r#"{"metric":{"destination_workload":"web","response_code":"200"},"value":[400,"1"]}"#),
        })
        .await;
        let source = source(&format!("[metrics]\nprometheus = \"{}\"\n{settings}", server.address)).await;
        for _ in 0..2 {
            let found = source.release(&question(release())).await.unwrap().unwrap();
            assert_eq!(of(&found, Role::Stable).series.start.as_second(), 1_000 - 59 * 15, "by our clock");
        }
        let last = server.asked().into_iter().rfind(|asked| asked.contains("query_range")).unwrap();
        assert!(last.contains("end=400.000"), "{settings}: {last}");
    }
}

#[tokio::test]
async fn a_business_query_that_does_not_parse_names_its_line_and_the_others_stand() {
    let server = Server::start(|asked| match asked {
        asked if asked.contains("label/") => names(r#""istio_requests_total""#),
        asked if asked.contains("broken") => {
            (400, r#"{"status":"error","errorType":"bad_data","error":"1:8: parse error: unclosed"}"#.into())
        }
        asked if asked.contains("range") || asked.contains("bucket") => vector(""),
        asked if asked.contains("income") => vector(r#"{"metric":{},"value":[1000,"7"]}"#),
        _ => vector(&row("web", "200", "3")),
    })
    .await;
    let config = format!(
        "[metrics]\nprometheus = \"{}\"\n[releases.\"shop/web\".business.conversion]\nquery = \"broken(\"\n\
         [releases.\"shop/web\".business.income]\nquery = \"income\"\n",
        server.address
    );
    let found = source(&config).await.release(&question(release())).await.unwrap().unwrap();
    let value = |name: &str| &found.named.iter().find(|named| &*named.name == name).unwrap().values[0].1;
    assert!(
        matches!(value("conversion"), Reading::Unusable(why) if why.contains("config.toml:4") && why.contains("parse error")),
        "{found:?}"
    );
    assert_eq!(value("income").value(), Some(7.0));
    assert_eq!(of(&found, Role::Stable).requests.value(), Some(3.0));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up_query_by_query_and_then_left_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let source = source(&format!("[metrics]\nprometheus = \"http://{address}\"\n")).await;
    let mut said = Vec::new();
    for _ in 0..9 {
        let Err(Unanswered::Told(Trouble(why))) = source.client.query("up").await else { panic!("an answer") };
        said.push(why.to_string());
    }
    assert!(said.iter().all(|why| why.contains("gave no answer within 5 s")), "{said:?}");
    let paused: Vec<bool> = said.iter().map(|why| why.contains("asked again after 5 s")).collect();
    assert_eq!(paused, [false, false, false, false, false, false, false, true, true], "{said:?}");
}

#[tokio::test]
async fn a_command_for_a_credential_runs_once_for_many_queries_and_anew_once_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let runs = || std::fs::read_to_string(&count).unwrap_or_default().len();
    let refuses = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let refused = Arc::clone(&refuses);
    let server = Server::start(move |_| {
        if refused.load(std::sync::atomic::Ordering::SeqCst) {
            (401, r#"{"status":"error","errorType":"unauthorized","error":"who?"}"#.into())
        } else {
            vector("")
        }
    })
    .await;
    let command = format!("printf x >> {0}; printf t0ken", count.display());
    let source =
        source(&format!("[metrics]\nprometheus = \"{}\"\ntoken = \"command:{command}\"\n", server.address)).await;
    for _ in 0..5 {
        assert!(source.client.query("up").await.is_ok());
    }
    assert_eq!(runs(), 1);
    refuses.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(source.client.query("up").await.is_err());
    refuses.store(false, std::sync::atomic::Ordering::SeqCst);
    assert!(source.client.query("up").await.is_ok());
    assert_eq!(runs(), 2);
}

#[tokio::test]
async fn credentials_go_along_as_headers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let read = stream.read(&mut head).await.unwrap();
        String::from_utf8_lossy(&head[..read]).into_owned()
    });
    let config = format!(
        "[metrics]\nprometheus = \"http://{address}\"\ntoken = \"command:printf t0ken\"\nheaders = [\"X-Scope-OrgID: shop\"]\n"
    );
    let source = source(&config).await;
    let _ = source.release(&question(release())).await;
    let heard = heard.await.unwrap().to_lowercase();
    assert!(heard.contains("authorization: bearer t0ken") && heard.contains("x-scope-orgid: shop"), "{heard}");
}
