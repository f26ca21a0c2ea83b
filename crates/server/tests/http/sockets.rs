//! What only a real socket shows: how requests are framed, and that stopping waits for who is served and for nobody else.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use portcullis_server::listen::{self, ListenError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::browser::Site;
use super::journey::CONTOSO;

/// A server on a port of its own.
struct Listening {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ListenError>>,
}

impl Listening {
    fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        let served = tokio::spawn(listen::serve(router, listener, None, stopped));
        Self {
            address,
            stop,
            served,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes on a connection of their own, and reads until the server closes it.
    async fn exchange(&self, bytes: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        tokio::time::timeout(Duration::from_secs(10), read)
            .await
            .expect("the server keeps the connection")
            .unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// Asks the server to stop; how long that took.
    async fn stop(self) -> Duration {
        let began = Instant::now();
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        began.elapsed()
    }
}

/// Reads one answer with a `Content-Length` off a connection that stays open.
async fn answer_on(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    loop {
        let whole = answer.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap();
            body.len() == length.parse::<usize>().unwrap()
        });
        if whole {
            return answer;
        }
        let mut part = [0; 1024];
        let length = stream.read(&mut part).await.unwrap();
        assert!(length > 0, "closed after: {answer}");
        answer.push_str(std::str::from_utf8(part.get(..length).unwrap()).unwrap());
    }
}

const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// The connection preface and empty settings (RFC 9113 §3.4).
const HTTP2_HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn stopping_waits_for_no_connection_that_asks_nothing() {
    let server = Listening::start(Site::demo().await.router());
    let mut idle = server.connect().await;
    for _ in 0..2 {
        idle.write_all(ALIVE).await.unwrap();
        assert!(answer_on(&mut idle).await.starts_with("HTTP/1.1 200"));
    }
    // Browsers open connections ahead of need, and never say a word on some of them.
    let mut silent = server.connect().await;
    // It is accepted before the one after it is answered.
    let mut last = server.connect().await;
    last.write_all(ALIVE).await.unwrap();
    answer_on(&mut last).await;

    // Half a request is none yet, and an HTTP/2 peer that has gone away answers no farewell.
    let mut half = server.connect().await;
    half.write_all(&ALIVE[..20]).await.unwrap();
    let mut mute = server.connect().await;
    mute.write_all(HTTP2_HELLO).await.unwrap();
    assert!(mute.read(&mut [0; 64]).await.unwrap() > 0);

    let took = server.stop().await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    for stream in [&mut idle, &mut silent, &mut last, &mut half] {
        let end = stream.read(&mut [0; 1]).await;
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    }
}

#[tokio::test]
async fn stopping_waits_for_a_request_in_flight() {
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        "done"
    };
    let server = Listening::start(Router::new().route("/slow", get(slow)));
    let mut stream = server.connect().await;
    let request = b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    // Long enough to be read, not long enough to be answered.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (took, answer) = tokio::join!(server.stop(), answer_on(&mut stream));
    assert!(answer.ends_with("done"), "{answer}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// A post to the token endpoint, with these headers and body, and then a request that a smuggler would hide in it.
fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /{CONTOSO}/oauth2/v2.0/token HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/x-www-form-urlencoded\r\n{headers}\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn t11_a_request_whose_length_can_be_read_in_two_ways_is_refused_and_the_connection_closed() {
    let server = Listening::start(Site::demo().await.router());
    let hidden = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let table = [
        // Both lengths, in either order, in any spelling, in chunks alone.
        ("transfer-encoding: chunked\r\ncontent-length: 5", "411"),
        ("content-length: 5\r\ntransfer-encoding: chunked", "411"),
        ("Content-Length: 5\r\nTransfer-Encoding: Chunked", "411"),
        (
            "content-length: 5\r\ntransfer-encoding: gzip, chunked",
            "411",
        ),
        ("transfer-encoding: chunked", "411"),
        // What the parser itself refuses.
        ("content-length: 5\r\ntransfer-encoding: identity", "400"),
        ("content-length: 5\r\ntransfer-encoding : chunked", "400"),
        (
            "content-length: 5\r\ntransfer-encoding: chunked, gzip",
            "400",
        ),
        ("content-length: 5\r\ncontent-length: 6", "400"),
        ("content-length: 5, 6", "400"),
        ("content-length: +5", "400"),
        ("content-length: -5", "400"),
        ("content-length: 5\r\nx-folded: a\r\n b", "400"),
    ];
    for (headers, status) in table {
        let answer = server
            .exchange(&post(headers, &format!("0\r\n\r\n{hidden}")))
            .await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{headers}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            1,
            "{headers}: {answer}"
        );
        assert!(!answer.ends_with("ok\n"), "{headers}: {answer}");
    }
    // The same request with one length is read, and the connection goes on.
    let mut stream = server.connect().await;
    let good = post("content-length: 3", "a=1");
    stream.write_all(good.as_bytes()).await.unwrap();
    let answer = answer_on(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("invalid_request"),
        "{answer}"
    );
    stream.write_all(hidden.as_bytes()).await.unwrap();
    assert!(answer_on(&mut stream).await.ends_with("ok\n"));
}
