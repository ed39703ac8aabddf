//! The directory.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use dsm_core::identity::{Genesis, device_tree};
use dsm_core::{Settings, View};
use dsm_crypto::{RecoveryPublic, Secret, SecretKey, Signer};
use dsm_encoding::List;
use dsm_engine::{Engine, Keys};
use dsm_log::{Anchor, DeviceDescriptor, DeviceId, Network};
use dsm_store::{FileKv, Founding, StoreError, Wallet};
use zeroize::Zeroizing;

use crate::key_file::{COST, MAX_FILE};
use crate::keyring;
use crate::{ChipPlace, HomeError, KeysError, OpenKeys, Passphrase, PassphraseError, Seed, Seeds};

/// The file of the keys.
const KEYS: &str = "keys";

/// A wallet's directory.
#[derive(Clone, Debug)]
pub struct Home {
    path: PathBuf,
    passphrase_file: Option<PathBuf>,
}

/// How the keys lie on the disk.
#[derive(Clone, Debug)]
pub enum Protection {
    /// In clear: whoever reads the file can spend.
    Clear,
    /// Sealed under a passphrase.
    Passphrase(Passphrase),
    /// Sealed under a key that the system's keyring keeps.
    Keyring,
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
        let file = std::env::var_os("DSM_PASSPHRASE_FILE").filter(|file| !file.is_empty());
        Ok(Self { path, passphrase_file: file.map(PathBuf::from) })
    }

    /// The same, with the file of its passphrase if there is one, which else is
    /// `$DSM_PASSPHRASE_FILE`; else the terminal is asked.
    #[must_use]
    pub fn with_passphrase_file(mut self, file: Option<PathBuf>) -> Self {
        self.passphrase_file = file.or(self.passphrase_file);
        self
    }

    /// The file of its passphrase.
    #[must_use]
    pub fn passphrase_file(&self) -> Option<&Path> {
        self.passphrase_file.as_deref()
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

    /// The file of Bitcoin's headers.
    #[must_use]
    pub fn headers_path(&self) -> PathBuf {
        self.path.join("headers")
    }

    fn keys_path(&self) -> PathBuf {
        self.path.join(KEYS)
    }

    fn system(&self, source: io::Error) -> HomeError {
        HomeError::System { path: self.path.clone(), source }
    }

    /// Makes a wallet with fresh keys for an owner, and the directory, for its owner only.
    ///
    /// The file of the store comes first: of two who do this at once only one makes it.
    ///
    /// # Errors
    /// [`HomeError::Taken`], or what the system or the store says.
    pub fn create(
        &self,
        network: Network,
        recovery: RecoveryPublic,
        window_blocks: u32,
        protection: &Protection,
        chip: Option<&ChipPlace>,
    ) -> Result<DeviceId, HomeError> {
        self.make()?;
        let seeds = Seeds {
            main: Seed::from_bytes(fresh()?),
            kem: Seed::from_bytes(fresh()?),
            issuing: Default::default(),
        };
        let Keys { main, kem, .. } = seeds.keys();
        // The places in a chip are few: one is taken when the rest is known to go well.
        let keys = self.close(seeds, protection)?;
        let anchor = chip.map_or(Ok(Anchor::Software {}), |place| self.provision(place));
        if let (Err(_), Some(number)) = (&anchor, keys.number()) {
            // What stays behind opens nothing.
            let _ = keyring::forget(number);
        }
        let descriptor = DeviceDescriptor {
            network,
            recovery: recovery.digest(),
            slot_set: None,
            key: main.public_key().clone(),
            kem: kem.public_key().digest(),
            anchor: anchor?,
        };
        let device = descriptor.id();
        let devices = device_tree(&[device]);
        let founding = Founding {
            descriptor,
            genesis: Genesis { network, recovery, devices, window_blocks },
            devices: List::try_from(vec![device]).unwrap_or_default(),
            steps: Default::default(),
            kem: kem.public_key().clone(),
            ask_secret: Secret::from_bytes(fresh()?),
            settings: Settings::default(),
        };
        let file = FileKv::create(&self.store_path()).map_err(|error| match error {
            StoreError::File(error) if error.kind() == ErrorKind::AlreadyExists => self.taken(),
            error => self.store(error),
        })?;
        self.write_keys(&keys)?;
        chip.map_or(Ok(()), |place| self.write_chip(place))?;
        Wallet::create(file, founding).map_err(|error| self.store(error))?;
        Ok(device)
    }

    /// Makes the directory, or takes one without a wallet, for its owner only.
    fn make(&self) -> Result<(), HomeError> {
        self.vacant()?;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        made.and_then(|()| fs::set_permissions(&self.path, Permissions::from_mode(0o700)))
            .map_err(|error| self.system(error))
    }

    /// Whether a wallet can be made there, before anybody is asked for a passphrase.
    ///
    /// # Errors
    /// [`HomeError::Taken`].
    pub fn vacant(&self) -> Result<(), HomeError> {
        if self.store_path().exists() || self.keys_path().exists() {
            return Err(self.taken());
        }
        Ok(())
    }

    fn taken(&self) -> HomeError {
        HomeError::Taken { path: self.path.clone() }
    }

    fn store(&self, source: StoreError) -> HomeError {
        HomeError::Store { path: self.path.clone(), source }
    }

    fn keys(&self, source: KeysError) -> HomeError {
        HomeError::Keys { path: self.keys_path(), source }
    }

    fn close(&self, seeds: Seeds, protection: &Protection) -> Result<OpenKeys, HomeError> {
        match protection {
            Protection::Clear => Ok(OpenKeys::clear(seeds)),
            Protection::Passphrase(passphrase) => {
                let sealed = OpenKeys::sealed(seeds, passphrase, fresh()?, COST);
                sealed.map_err(|error| self.keys(error))
            }
            Protection::Keyring => {
                let (number, key) = (fresh()?, Secret::from_bytes(fresh()?));
                let kept = keyring::keep(number, key.clone()).map_err(KeysError::from);
                kept.map_err(|error| self.keys(error))?;
                Ok(OpenKeys::kept(seeds, number, &key))
            }
        }
    }

    /// Opens the keys; who has the wallet has the store, so nobody replaces them meanwhile.
    fn read_keys(&self, wallet: &Wallet<FileKv>) -> Result<(OpenKeys, Keys), HomeError> {
        let mut bytes = Zeroizing::new(Vec::new());
        let most = u64::try_from(MAX_FILE).unwrap_or_default();
        let read = File::open(self.keys_path())
            .and_then(|file| file.take(most).read_to_end(&mut bytes))
            .map_err(KeysError::Missing);
        let keys =
            read.and_then(|_| OpenKeys::open(&bytes, || Ok(self.passphrase()?), keyring::find));
        let keys = keys.map_err(|error| self.keys(error))?;
        let books = wallet.books().map_err(|error| self.store(error))?;
        let are = |device: &DeviceId, key: &SecretKey| {
            books.descriptor(device).is_none_or(|known| known.key == *key.public_key())
        };
        let made = keys.seeds.keys();
        let Keys { main, kem, issuing } = &made;
        let right = wallet.founding().descriptor.key == *main.public_key()
            && *kem.public_key() == wallet.founding().kem
            && issuing.iter().all(|(device, key)| are(device, key));
        books.check().map_err(|error| self.store(error))?;
        if right { Ok((keys, made)) } else { Err(self.keys(KeysError::Foreign)) }
    }

    /// The passphrase: from the file that was named, else from whoever sits at the terminal.
    ///
    /// # Errors
    /// [`PassphraseError`].
    fn passphrase(&self) -> Result<Passphrase, PassphraseError> {
        match &self.passphrase_file {
            Some(file) => Passphrase::read(file),
            None => Passphrase::ask(&format!("Passphrase of {}: ", self.path.display())),
        }
    }

    /// Replaces the keys as a whole, closed as they were; they are durable when this returns.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_keys(&self, keys: &OpenKeys) -> Result<(), HomeError> {
        let bytes = Zeroizing::new(keys.close(fresh()?).map_err(|error| self.keys(error))?);
        self.replace(KEYS, &bytes)
    }

    /// Replaces a file of the directory as a whole, for its owner only: after a crash anywhere it is the old one or the new one. The new one is durable
    /// when this returns.
    ///
    /// # Errors
    /// What the system says.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let (fresh, path) = (self.path.join(format!("{name}.new")), self.path.join(name));
        self.replace_by(&fresh, &path, bytes).map_err(|error| self.system(error))
    }

    fn replace_by(&self, fresh: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // What an interrupted writer left, or somebody put there: neither its mode nor where it leads
        // is to be trusted.
        if let Err(error) = fs::remove_file(fresh)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(fresh)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(fresh, path)?;
        File::open(&self.path)?.sync_all()
    }

    /// Closes the keys in another way from now on; the wish is asked for when they are open.
    ///
    /// # Errors
    /// [`HomeError`], or that of the wish; after any of them the keys are closed as before, or as wished.
    pub fn protect<E: From<HomeError>>(
        &self,
        wish: impl FnOnce() -> Result<Protection, E>,
    ) -> Result<Protection, E> {
        let wallet = self.read()?;
        let (keys, _) = self.read_keys(&wallet)?;
        let protection = wish()?;
        self.write_keys(&self.close(keys.seeds.clone(), &protection)?)?;
        if let Some(number) = keys.number() {
            // What stays behind opens nothing but copies of a file that is gone.
            let _ = keyring::forget(number);
        }
        Ok(protection)
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
        wallet.map_err(|error| self.store(error))
    }

    /// Opens the wallet: its store, and then its keys. Whoever sits at the terminal may be asked.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn open(&self) -> Result<Engine<FileKv>, HomeError> {
        self.open_keys().map(|(engine, _)| engine)
    }

    /// The same, for who adds a key: it is to be written before anything is signed with it.
    ///
    /// # Errors
    /// [`HomeError`].
    pub fn open_keys(&self) -> Result<(Engine<FileKv>, OpenKeys), HomeError> {
        let wallet = self.read()?;
        let (keys, made) = self.read_keys(&wallet)?;
        Ok((Engine::new(self.anchored(wallet)?, made), keys))
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
mod tests;
