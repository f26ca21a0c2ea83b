//! `portcullis keys`: replaces signing keys.

use portcullis_custody::keyring::Rotation;
use portcullis_model::Timestamp;
use portcullis_model::application::SigningAlgorithm;

use crate::command::{Algorithm, KeysCommand, KeysOptions, RotateOptions, When};
use crate::installation::Installation;
use crate::output;

pub(crate) async fn run(options: KeysOptions) -> anyhow::Result<()> {
    match options.command {
        KeysCommand::Rotate(options) => rotate(options).await,
    }
}

async fn rotate(options: RotateOptions) -> anyhow::Result<()> {
    let installation = Installation::open(&options.data).await?;
    let tenant = crate::tenant::find(installation.store.as_ref(), &options.tenant).await?;
    let algorithm = match options.algorithm {
        Algorithm::Rs256 => SigningAlgorithm::RS256,
        Algorithm::Es256 => SigningAlgorithm::ES256,
    };
    let (rotation, says) = match options.when {
        When::Planned => (Rotation::Planned, "is published now and signs in 25 hours"),
        When::Now => (
            Rotation::Immediate,
            "signs from now on; tokens of the old key stay good until they expire",
        ),
        When::Compromised => (
            Rotation::Compromised,
            "signs from now on; every token of the old key is void",
        ),
    };
    let key_id = installation
        .keyring
        .rotate(tenant.id, algorithm, rotation, Timestamp::now())
        .await?;
    output::line(format_args!(
        "{}: key {key_id} {says}.",
        tenant.display_name
    ));
    Ok(())
}
