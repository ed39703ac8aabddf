//! The directory.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use dsm_core::Settings;
use dsm_core::identity::{Genesis, device_tree};
use dsm_crypto::{RecoveryPublic, Secret, Signer};
use dsm_encoding::{List, from_slice, to_vec};
use dsm_engine::{Engine, Keys};
use dsm_log::{Anchor, DeviceDescriptor, DeviceId, Network};
use dsm_store::{FileKv, Founding, StoreError, Wallet};

use crate::{HomeError, KeyFile};

/// The most bytes of a file of keys.
const MAX_KEYS: u64 = 1 << 20;

/// A wallet's directory.
#[derive(Clone, Debug)]
pub struct Home {
    path: PathBuf,
}

impl Home {
    /// The directory that was named, else `$DSM_HOME`, else `.dsm` in the home directory.
    ///
    /// # Errors
    /// [`HomeError::NoHome`].
    pub fn new(path: Option<PathBuf>) -> Result<Self, HomeError> {
        let path = match path.or_else(|| std::env::var_os("DSM_HOME").map(PathBuf::from)) {
            Some(path) => path,
            None => {
                let home = std::env::var_os("HOME").ok_or(HomeError::NoHome)?;
                PathBuf::from(home).join(".dsm")
            }
        };
        Ok(Self { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the store.
    #[must_use]
    pub fn store_path(&self) -> PathBuf {
        self.path.join("wallet.redb")
    }

    fn keys_path(&self) -> PathBuf {
        self.path.join("keys")
    }

    fn system(&self, source: io::Error) -> HomeError {
        HomeError::System { path: self.path.clone(), source }
    }

    /// Makes a wallet with fresh keys for an owner, and the directory, for its owner only.
    ///
    /// # Errors
    /// [`HomeError::Taken`], or what the system or the store says.
    pub fn create(
        &self,
        network: Network,
        recovery: RecoveryPublic,
        window_blocks: u32,
    ) -> Result<DeviceId, HomeError> {
        self.make()?;
        let seeds = KeyFile { main: fresh()?, kem: fresh()?, issuing: Default::default() };
        let Keys { main, kem, .. } = seeds.keys();
        let descriptor = DeviceDescriptor {
            network,
            recovery: recovery.digest(),
            slot_set: None,
            key: main.public_key().clone(),
            kem: kem.public_key().digest(),
            anchor: Anchor::Software {},
        };
        let device = descriptor.id();
        let devices = device_tree(&[device]);
        self.write_keys(&seeds)?;
        let founding = Founding {
            descriptor,
            genesis: Genesis { network, recovery, devices, window_blocks },
            devices: List::try_from(vec![device]).unwrap_or_default(),
            steps: Default::default(),
            kem: kem.public_key().clone(),
            ask_secret: Secret::from_bytes(fresh()?),
            settings: Settings::default(),
        };
        let file = FileKv::create(&self.store_path());
        let made = file.and_then(|file| Wallet::create(file, founding));
        made.map_err(|source| HomeError::Store { path: self.path.clone(), source })?;
        Ok(device)
    }

    /// Makes the directory.
    fn make(&self) -> Result<(), HomeError> {
        if self.store_path().exists() || self.keys_path().exists() {
            return Err(HomeError::Taken { path: self.path.clone() });
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        made.map_err(|error| self.system(error))
    }

    /// The seeds.
    ///
    /// # Errors
    /// [`HomeError::NoWallet`] and [`HomeError::Damaged`].
    pub fn read_keys(&self) -> Result<KeyFile, HomeError> {
        let path = self.keys_path();
        let mut bytes = Vec::new();
        let file = File::open(&path);
        let read = file.and_then(|file| file.take(MAX_KEYS).read_to_end(&mut bytes));
        read.map_err(|source| HomeError::NoWallet { path: self.path.clone(), source })?;
        from_slice(&bytes).map_err(|source| HomeError::Damaged { path, source })
    }

    /// Replaces the seeds as a whole; they are durable when this returns.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_keys(&self, keys: &KeyFile) -> Result<(), HomeError> {
        self.replace_keys(&to_vec(keys)).map_err(|error| self.system(error))
    }

    fn replace_keys(&self, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.path.join("keys.new");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, self.keys_path())?;
        File::open(&self.path)?.sync_all()
    }

    /// Opens the store alone: what reads the books, or writes what nobody signs, needs no keys.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn read(&self) -> Result<Wallet<FileKv>, HomeError> {
        let store = self.store_path();
        let file = match store.metadata() {
            Ok(_) => FileKv::open(&store),
            // An init that was interrupted wrote keys and no store.
            Err(_) if self.keys_path().exists() => Err(StoreError::Missing),
            Err(source) => return Err(HomeError::NoWallet { path: self.path.clone(), source }),
        };
        let wallet = file.and_then(Wallet::open);
        wallet.map_err(|source| HomeError::Store { path: self.path.clone(), source })
    }

    /// Opens the wallet: its store, and then its keys, which nobody replaces meanwhile.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn open(&self) -> Result<Engine<FileKv>, HomeError> {
        let wallet = self.read()?;
        Ok(Engine::new(wallet, self.read_keys()?.keys()))
    }
}

/// Fresh bytes from the operating system.
///
/// # Errors
/// [`HomeError::Fresh`].
pub fn fresh<const N: usize>() -> Result<[u8; N], HomeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|source| HomeError::Fresh { source })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn seeds(byte: u8) -> KeyFile {
        KeyFile { main: [byte; 64], kem: [byte; 32], issuing: Default::default() }
    }

    #[test]
    fn directory_and_keys_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(Some(dir.path().join("wallet"))).unwrap();
        home.make().unwrap();
        home.write_keys(&seeds(1)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(home.path()), 0o700);
        assert_eq!(mode(&home.keys_path()), 0o600);
    }

    #[test]
    fn a_wallet_is_never_made_over_another() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(Some(dir.path().to_owned())).unwrap();
        home.make().unwrap();
        home.write_keys(&seeds(1)).unwrap();
        assert!(matches!(home.make(), Err(HomeError::Taken { .. })));
    }

    #[test]
    fn keys_are_replaced_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(Some(dir.path().to_owned())).unwrap();
        home.write_keys(&seeds(1)).unwrap();
        // What an interrupted writer leaves behind.
        fs::write(home.path().join("keys.new"), b"half").unwrap();
        assert_eq!(home.read_keys().unwrap().main, [1; 64]);
        home.write_keys(&seeds(2)).unwrap();
        assert_eq!(home.read_keys().unwrap().main, [2; 64]);
    }

    #[test]
    fn says_what_is_missing_and_what_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(Some(dir.path().to_owned())).unwrap();
        assert!(matches!(home.open(), Err(HomeError::NoWallet { .. })));
        fs::write(home.keys_path(), b"not keys").unwrap();
        assert!(matches!(home.read_keys(), Err(HomeError::Damaged { .. })));
        home.write_keys(&seeds(1)).unwrap();
        let error = home.open().unwrap_err();
        assert!(error.to_string().ends_with("remove the directory"), "{error}");
    }
}
