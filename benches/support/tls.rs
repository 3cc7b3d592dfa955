//! A front that ends TLS under a certificate authority made for this run.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::server::TlsStream;

/// A certificate authority, and a certificate for `localhost` that it signed.
pub struct Authority {
    /// The authority's certificate, to trust.
    pub pem: String,
    acceptor: TlsAcceptor,
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        // Unlike the authority's, or OpenSSL takes the certificate for one that signed itself.
        params.distinguished_name.push(DnType::CommonName, "localhost");
        let certificate = params.signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        Authority { pem: authority.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// Serves `routes` over TLS; answers the port.
    pub async fn serve(&self, routes: Router) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, connections) = mpsc::channel(16);
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            loop {
                let (tcp, address) = listener.accept().await.unwrap();
                tcp.set_nodelay(true).unwrap();
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                // Handshakes side by side, as real servers do them.
                tokio::spawn(async move {
                    if let Ok(tls) = acceptor.accept(tcp).await {
                        _ = sender.send((tls, address)).await;
                    }
                });
            }
        });
        tokio::spawn(async move { axum::serve(Connections(connections), routes).await });
        port
    }
}

/// Connections whose handshake is done.
struct Connections(mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>);

impl Listener for Connections {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok((Ipv4Addr::LOCALHOST, 0).into())
    }
}
