//! A TCP proxy on loopback between the program and the API server, which can go bad in the ways a network does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use windlass::cluster::ConnectOptions;

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    /// Everything passes.
    Fair,
    /// Connections are accepted and nothing moves on any: half-open.
    Stalled,
    /// Every connection is cut, and so is each new one.
    Refused,
}

/// A running proxy; it ends with the test.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<(Weather, u64)>,
    swallow: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts one in front of the API server of `server` (`https://host:port`).
    pub async fn before(server: &str) -> Self {
        let upstream = server.trim_start_matches("https://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (weather, seen) = watch::channel((Weather::Fair, 0));
        let swallow = Arc::new(AtomicBool::new(false));
        let swallows = Arc::clone(&swallow);
        tokio::spawn(async move {
            while let Ok((down, _)) = listener.accept().await {
                if seen.borrow().0 != Weather::Refused {
                    tokio::spawn(carry(down, upstream.clone(), seen.clone(), Arc::clone(&swallows)));
                }
            }
        });
        Self { address, weather, swallow }
    }

    /// Options that go through it.
    pub fn options(&self, options: ConnectOptions) -> ConnectOptions {
        ConnectOptions { server: Some(format!("https://{}", self.address)), ..options }
    }

    /// Everything passes from now on, what was held back too.
    pub fn clear(&self) {
        self.set(Weather::Fair);
    }

    /// Nothing moves any more, and nothing is cut.
    pub fn stall(&self) {
        self.set(Weather::Stalled);
    }

    /// Everything is cut.
    pub fn refuse(&self) {
        self.set(Weather::Refused);
    }

    /// Today's connections stay silent for ever; new ones pass.
    pub fn bury(&self) {
        self.weather.send_modify(|(_, age)| *age += 1);
    }

    /// The next request passes, its answer does not: the connection ends instead.
    pub fn swallow_the_next_answer(&self) {
        self.swallow.store(true, Ordering::SeqCst);
    }

    fn set(&self, to: Weather) {
        self.weather.send_modify(|(weather, _)| *weather = to);
    }
}

/// Carries one connection both ways until an end closes it or the weather cuts it.
async fn carry(
    down: TcpStream,
    upstream: String,
    mut weather: watch::Receiver<(Weather, u64)>,
    swallow: Arc<AtomicBool>,
) {
    let Ok(up) = TcpStream::connect(upstream).await else { return };
    let born = weather.borrow().1;
    let (down_read, down_write) = down.into_split();
    let (up_read, up_write) = up.into_split();
    let sent = one_way(down_read, up_write, weather.clone(), born, None);
    let answered = one_way(up_read, down_write, weather.clone(), born, Some(&swallow));
    tokio::select! {
        () = async { tokio::join!(sent, answered); } => {}
        _ = weather.wait_for(|(weather, _)| *weather == Weather::Refused) => {}
    }
}

async fn one_way(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut weather: watch::Receiver<(Weather, u64)>,
    born: u64,
    swallow: Option<&AtomicBool>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if swallow.is_some_and(|swallow| swallow.swap(false, Ordering::SeqCst)) {
            return;
        }
        let open = |(weather, age): &(Weather, u64)| *age == born && *weather != Weather::Stalled;
        if weather.wait_for(open).await.is_err() || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
