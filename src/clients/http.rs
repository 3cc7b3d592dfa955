//! HTTP for all clients of the process: certificate authorities read once, one TLS set-up, and the AWS SDK's requests over the same stack as
//! Zoom's. The SDK's own stack would read them again, and bring HTTP/2, which none of the services needs.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Request};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::{load_certs_from_paths, load_native_certs};

/// There is nobody to trust, so that nothing can be reached over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no root certificates: neither SSL_CERT_FILE nor the system names a readable one; set SSL_CERT_FILE to a file of certificates in PEM"
)]
pub(super) struct NoRoots;

/// Where systems keep all their roots in one file. To read it is far cheaper than the directory of some hundred files beside it.
const BUNDLES: [&str; 3] = [
    "/etc/pki/tls/certs/ca-bundle.crt",                  // Amazon Linux, so Lambda too
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // the same, should the old name go
    "/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine
];

static TLS: OnceLock<Result<ClientConfig, NoRoots>> = OnceLock::new();

/// The first call reads the root certificates, which takes some milliseconds.
fn tls() -> Result<&'static ClientConfig, NoRoots> {
    TLS.get_or_init(|| {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = versions.map_err(|_| NoRoots)?;
        Ok(builder.with_root_certificates(roots().ok_or(NoRoots)?).with_no_client_auth())
    })
    .as_ref()
    .map_err(|error| *error)
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` if they are set, else the system's bundle, else wherever the system keeps roots.
fn roots() -> Option<RootCertStore> {
    let is_set = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(|name| std::env::var_os(name).is_some());
    let bundle = BUNDLES.map(Path::new).into_iter().find(|path| !is_set && path.exists());
    let of_bundle = bundle.map(|path| load_certs_from_paths(Some(path), None).certs);
    let certificates = of_bundle.filter(|found| !found.is_empty()).unwrap_or_else(|| load_native_certs().certs);
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    (!roots.is_empty()).then_some(roots)
}

/// What every HTTP client here begins with.
pub(super) fn client() -> Result<ClientBuilder, NoRoots> {
    // A redirect would carry tokens and signatures where nobody meant them to go.
    Ok(Client::builder().tls_backend_preconfigured(tls()?.clone()).redirect(Policy::none()))
}

/// How long AWS may take to accept a connection.
pub(super) const AWS_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The AWS SDK's way out. It is made with the first request, and shared by all clients of one configuration.
#[must_use]
pub fn sdk_http_client() -> SharedHttpClient {
    let client = Arc::new(OnceLock::new());
    http_client_fn(move |settings, _| {
        // What looks for credentials asks for less patience than we have.
        let patience = settings.read_timeout().map(|read| read + settings.connect_timeout().unwrap_or_default());
        SharedHttpConnector::new(Connector { client: Arc::clone(&client), patience })
    })
}

#[derive(Debug)]
struct Connector {
    client: Arc<OnceLock<Option<Client>>>,
    patience: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let made = || client().ok()?.connect_timeout(AWS_CONNECT_TIMEOUT).build().ok();
        let client = self.client.get_or_init(made).clone();
        let patience = self.patience;
        HttpConnectorFuture::new(async move {
            let client = client.ok_or_else(|| ConnectorError::other(NoRoots.into(), None))?;
            #[cfg(feature = "cli")]
            let asked = super::traced::Asked::aws(&request);
            let mut request = plain(request)?;
            *request.timeout_mut() = patience;
            let answer = send(&client, request).await;
            #[cfg(feature = "cli")]
            match &answer {
                Ok(answer) => asked.answered(answer.status().as_u16()),
                Err(error) => asked.failed(error),
            }
            answer.map_err(|error| match error {
                error if error.is_timeout() => ConnectorError::timeout(error.into()),
                error if error.is_builder() => ConnectorError::user(error.into()),
                error => ConnectorError::io(error.into()),
            })
        })
    }
}

fn plain(mut request: HttpRequest) -> Result<Request, ConnectorError> {
    let body = request.take_body();
    // The calls made here have their body at hand.
    let body = body.bytes().ok_or_else(|| ConnectorError::user("a body that is a stream".into()))?.to_vec();
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    Request::try_from(request.map(|_| body)).map_err(|error| ConnectorError::user(error.into()))
}

/// Takes in all of the answer: those of these services are small.
async fn send(client: &Client, request: Request) -> Result<HttpResponse, reqwest::Error> {
    let mut answer = client.execute(request).await?;
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut response = HttpResponse::new(status.into(), SdkBody::from(answer.bytes().await?));
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_of_the_sdk_stays_what_was_signed() {
        let mut request = HttpRequest::new(SdkBody::from("Action=Publish&Message=%C3%A4"));
        request.set_method("POST").unwrap();
        request.set_uri("https://sns.us-east-1.amazonaws.com/").unwrap();
        request.headers_mut().append("authorization", "AWS4-HMAC-SHA256");
        request.headers_mut().append("x-amz-date", "20261122T130000Z");
        let plain = plain(request).unwrap();
        assert_eq!((plain.method().as_str(), plain.url().as_str()), ("POST", "https://sns.us-east-1.amazonaws.com/"));
        let headers: Vec<_> = plain.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(headers, [("authorization", &b"AWS4-HMAC-SHA256"[..]), ("x-amz-date", b"20261122T130000Z")]);
        assert_eq!(plain.body().unwrap().as_bytes(), Some(&b"Action=Publish&Message=%C3%A4"[..]));
    }
}
