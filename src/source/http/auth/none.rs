//! `type: none`: requests carry no credentials.

use secrecy::SecretString;

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::section;
use crate::config::kind::{Kind, KindConfig};
use crate::source::SourceError;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::Ask;

inventory::submit! { Kind::<AuthFamily>::of::<NoneConfig>("none") }

section! {
    /// Sends no credentials.
    pub struct NoneConfig {}
}

impl KindConfig<AuthFamily> for NoneConfig {
    fn compile(&self, _: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        Some(Box::new(Anonymous))
    }
}

/// No credentials; also what a connector without `auth` uses.
#[derive(Debug)]
pub(in crate::source::http) struct Anonymous;

#[async_trait::async_trait]
impl Authenticate for Anonymous {
    async fn authenticate(&self, _: &mut RequestParts, _: &dyn Ask) -> Result<(), SourceError> {
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }
}

/// Credentials that could not be compiled. The file has a diagnostic that says why; should a
/// request be made all the same, it must not go out without credentials.
#[derive(Debug)]
pub(in crate::source::http) struct NotSet;

#[async_trait::async_trait]
impl Authenticate for NotSet {
    async fn authenticate(&self, _: &mut RequestParts, _: &dyn Ask) -> Result<(), SourceError> {
        Err(SourceError::Invalid(
            "the credentials of `connect.auth` are not set".to_owned(),
        ))
    }

    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }
}
