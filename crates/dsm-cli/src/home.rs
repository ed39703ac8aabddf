//! The wallet's directory: one store and one file of keys, readable by their owner only.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dsm_crypto::{KemSecret, Secret, SecretKey};
use dsm_encoding::{List, from_slice, record, to_vec};
use dsm_engine::{Engine, Keys};
use dsm_log::DeviceId;
use dsm_store::{FileKv, StoreError, Wallet};

/// The most issuing devices of one wallet.
const MAX_ISSUERS: usize = 1 << 10;

/// The seeds of a wallet's devices, at rest.
#[derive(Clone)]
pub(crate) struct KeyFile {
    /// Of the device that pays and is paid.
    pub(crate) main: [u8; 64],
    /// Of its KEM key.
    pub(crate) kem: [u8; 32],
    /// Of the devices that issue tokens.
    pub(crate) issuing: List<IssuerSeed, MAX_ISSUERS>,
}
record! { KeyFile { main, kem, issuing } }

/// The seed of a device that issues a token.
#[derive(Clone)]
pub(crate) struct IssuerSeed {
    pub(crate) device: DeviceId,
    pub(crate) seed: [u8; 64],
}
record! { IssuerSeed { device, seed } }

/// A wallet's directory.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
}

impl Home {
    pub(crate) fn new(path: Option<PathBuf>) -> anyhow::Result<Self> {
        let path = match path.or_else(|| std::env::var_os("DSM_HOME").map(PathBuf::from)) {
            Some(path) => path,
            None => {
                let home = std::env::var_os("HOME");
                PathBuf::from(home.context("no home directory; give --home DIR")?).join(".dsm")
            }
        };
        Ok(Self { path })
    }

    pub(crate) fn store_path(&self) -> PathBuf {
        self.path.join("wallet.redb")
    }

    fn keys_path(&self) -> PathBuf {
        self.path.join("keys")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the directory, for its owner only.
    pub(crate) fn make(&self) -> anyhow::Result<()> {
        if self.store_path().exists() || self.keys_path().exists() {
            bail!("there is a wallet in {} already; give another --home", self.path.display());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        Ok(())
    }

    pub(crate) fn read_keys(&self) -> anyhow::Result<KeyFile> {
        let path = self.keys_path();
        let none = || format!("no wallet in {}; make one with `dsm init`", self.path.display());
        let mut bytes = Vec::new();
        File::open(&path).with_context(none)?.take(1 << 20).read_to_end(&mut bytes)?;
        from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Replaces the keys as a whole: whoever is interrupted finds the old ones or the new ones.
    pub(crate) fn write_keys(&self, keys: &KeyFile) -> anyhow::Result<()> {
        let fresh = self.path.join("keys.new");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&to_vec(keys))?;
        file.sync_all()?;
        fs::rename(&fresh, self.keys_path())?;
        File::open(&self.path)?.sync_all()?;
        Ok(())
    }

    /// Opens the wallet.
    pub(crate) fn open(&self) -> anyhow::Result<Engine<FileKv>> {
        let file = self.read_keys()?;
        let main = SecretKey::from_seed(Secret::from_bytes(file.main));
        let issuing: BTreeMap<DeviceId, SecretKey> = file
            .issuing
            .iter()
            .map(|one| (one.device, SecretKey::from_seed(Secret::from_bytes(one.seed))))
            .collect();
        let kem = KemSecret::from_seed(Secret::from_bytes(file.kem));
        let wallet = FileKv::open(&self.store_path()).and_then(Wallet::open);
        let wallet = wallet.map_err(|error| {
            let next = match error {
                StoreError::Locked => "; is `dsm receive` running? one process at a time",
                StoreError::Missing => "; if `dsm init` was interrupted, remove the directory",
                _ => "",
            };
            let path = self.path.display();
            anyhow::Error::new(error).context(format!("cannot open the wallet in {path}{next}"))
        })?;
        Ok(Engine::new(wallet, Keys { main, issuing, kem }))
    }
}

/// Fresh bytes from the operating system.
pub(crate) fn fresh<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no fresh randomness: {error}"))?;
    Ok(bytes)
}

/// A file of text, or standard input.
pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    const MOST: u64 = 1 << 24;
    if path.as_os_str() == "-" {
        std::io::stdin().take(MOST).read_to_string(&mut text)?;
    } else {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        file.take(MOST).read_to_string(&mut text)?;
    }
    Ok(text.trim().to_owned())
}
