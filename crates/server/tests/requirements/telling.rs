//! Telling applications that somebody signed out: one that does not answer delays no other (K09).

use std::time::{Duration, Instant};

use portcullis_protocol::secret::SecretText;
use portcullis_server::back_channel::{BackChannel, Reach};
use portcullis_signin::sign_out::LogoutDelivery;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::site::PAYROLL;

fn delivery(address: std::net::SocketAddr, token: &str) -> LogoutDelivery {
    LogoutDelivery {
        client: PAYROLL.client.parse().unwrap(),
        address: format!("http://{address}/backchannel-logout")
            .parse()
            .unwrap(),
        logout_token: SecretText::new(token.to_owned()),
    }
}

/// Answers one request and gives its text.
async fn answer_once(listener: &TcpListener, answer: &str) -> String {
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut text = String::new();
    let mut octets = [0; 4096];
    while !text.contains("logout_token=") {
        let count = socket.read(&mut octets).await.unwrap();
        assert!(count > 0, "{text}");
        text.push_str(std::str::from_utf8(&octets[..count]).unwrap());
    }
    socket.write_all(answer.as_bytes()).await.unwrap();
    text
}

#[tokio::test]
async fn k09_an_application_that_does_not_answer_delays_no_other() {
    let local = "127.0.0.1:0";
    // Takes connections and never says anything.
    let black_hole = TcpListener::bind(local).await.unwrap();
    let answering = TcpListener::bind(local).await.unwrap();
    let channel = BackChannel::new(Reach::DangerPublicAndLoopback).unwrap();
    let began = Instant::now();
    channel.tell(vec![
        delivery(black_hole.local_addr().unwrap(), "token-for-the-hole"),
        delivery(answering.local_addr().unwrap(), "token-for-the-other"),
    ]);
    let told = answer_once(&answering, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert!(told.contains("logout_token=token-for-the-other"), "{told}");
    assert!(!told.contains("token-for-the-hole"));
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn k09_a_server_error_is_tried_again_and_a_refusal_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let channel = BackChannel::new(Reach::DangerPublicAndLoopback).unwrap();
    let sent = tokio::spawn({
        let channel = channel.clone();
        async move { channel.deliver(&delivery(address, "again")).await }
    });
    let failed = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    answer_once(&listener, failed).await;
    answer_once(&listener, "HTTP/1.1 204 Done\r\nconnection: close\r\n\r\n").await;
    assert!(sent.await.unwrap());
    let sent = tokio::spawn(async move { channel.deliver(&delivery(address, "once")).await });
    let refused = "HTTP/1.1 400 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    answer_once(&listener, refused).await;
    assert!(!sent.await.unwrap());
}
