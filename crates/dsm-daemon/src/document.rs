//! The OpenAPI document, which is checked in as `docs/openapi.json`.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::routes::{
    backups, contacts, events, explanations, meetings, payments, proofs, tokens, wallet,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "DSM",
        description = "A wallet on this machine. Amounts are decimals; base units are text.",
    ),
    paths(
        wallet::show, wallet::height, wallet::balances, wallet::history, wallet::settings, wallet::set,
        backups::card, backups::picture, backups::save, backups::restore,
        contacts::list, contacts::show, contacts::add, contacts::change, contacts::sync,
        meetings::begin, meetings::show, meetings::answer, meetings::end,
        tokens::list, tokens::show, tokens::make, tokens::pin, tokens::unpin, tokens::issue,
        payments::pay, payments::ask, payments::asked, payments::request, payments::requests,
        proofs::receipt, proofs::note, explanations::explain, proofs::evidence, proofs::evidence_of,
        events::listen,
    ),
    components(schemas(crate::problem::ProblemReport)),
    modifiers(&Bearer),
    security(("token" = [])),
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let parts = document.components.get_or_insert_with(Default::default);
        parts.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document as JSON.
///
/// # Errors
/// It cannot be written as JSON.
pub fn document() -> Result<String, serde_json::Error> {
    let text = Document::openapi().to_pretty_json()?;
    // Every number of 64 bits is without a sign.
    Ok(text.replace("\"format\": \"int64\"", "\"format\": \"uint64\"") + "\n")
}
