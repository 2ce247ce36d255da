//! A server behind TLS with a certificate of its own.

use super::*;

/// A server that shows a certificate that nobody else has signed, and answers everything with one series.
fn secured() -> std::net::SocketAddr {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use std::io::{Read as _, Write as _};
    rustls::crypto::ring::default_provider().install_default().ok();
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).unwrap();
    let server =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let server = Arc::new(server);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let Ok(connection) = rustls::ServerConnection::new(Arc::clone(&server)) else { continue };
            let mut stream = rustls::StreamOwned::new(connection, stream);
            // Whoever does not accept the certificate asks nothing.
            if !matches!(stream.read(&mut [0; 8192]), Ok(1..)) {
                continue;
            }
            let (_, body) = vector(r#"{"metric":{},"value":[1000,"7"]}"#);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).and_then(|()| stream.flush());
        }
    });
    address
}

#[tokio::test]
async fn a_server_with_a_certificate_of_its_own_is_asked_once_its_authority_is_named_and_never_before() {
    let address = secured();
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, include_bytes!("tls/certificate.pem")).unwrap();
    let asked = async |more: String| {
        let source = source(&format!("[metrics]\nprometheus = \"https://{address}\"\n{more}")).await;
        source.client.query("up").await
    };
    let Err(Unanswered::Told(Trouble(why))) = asked(String::new()).await else { panic!("nobody vouches for it") };
    assert!(why.contains("shows a certificate that is not accepted"), "{why}");
    let named = asked(format!("ca_file = \"{}\"\n", authority.display())).await;
    assert_eq!(named.map(|answer| answer.rows[0].points[0].1), Ok(7.0));
    assert!(asked("insecure_skip_tls_verify = true\n".to_owned()).await.is_ok());
}
