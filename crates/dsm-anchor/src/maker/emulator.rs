//! Chips whose state is a file: emulators, and those that hosts give to virtual machines.
//!
//! They are known by the words that their certificates carry. That is a heuristic: it keeps a mistaken configuration from counting them as
//! hardware; a root that lies is not found by it.

use super::MakerError;
use super::certificate::Words;

/// Manufacturers in the registry of the Trusted Computing Group whose chips are, wholly or also, software on a host: Amazon, Google (its
/// cloud), IBM (simulators and virtual machines), Microsoft (Azure and Hyper-V; its Pluton too is refused therefore), VMware.
const SOFTWARE: [&str; 6] = ["AMZN", "GOOG", "IBM", "MSFT", "VMW", "SW"];

/// Words in models and in the names of authorities.
const WORDS: [&str; 11] = [
    "emulat",
    "ek/ak ca",
    "google cloud",
    "hyper-v",
    "qemu",
    "simulat",
    "software",
    "swtpm",
    "virtual",
    "vmware",
    "vtpm",
];

/// Refuses a chip whose certificate does not name its maker, or names one of emulators.
pub(super) fn refuse(words: &Words) -> Result<(), MakerError> {
    if words.manufacturers.is_empty() {
        return Err(MakerError::Nameless);
    }
    for manufacturer in &words.manufacturers {
        // Emulators carry numbers that are no letters.
        let known = letters(manufacturer).filter(|letters| !SOFTWARE.contains(&letters.as_str()));
        known.ok_or_else(|| MakerError::Emulator(manufacturer.clone()))?;
    }
    words.models.iter().try_for_each(|model| refuse_name(model))
}

/// Refuses a model, or an authority, that calls itself an emulator.
pub(super) fn refuse_name(name: &str) -> Result<(), MakerError> {
    let small = name.to_lowercase();
    match WORDS.iter().any(|word| small.contains(word)) {
        true => Err(MakerError::Emulator(name.to_owned())),
        false => Ok(()),
    }
}

/// The letters that a manufacturer's id (`id:` and eight hexadecimal digits) stands for, without what fills them up.
fn letters(manufacturer: &str) -> Option<String> {
    let digits = manufacturer.strip_prefix("id:").filter(|digits| digits.len() == 8)?;
    let number = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    let text = std::str::from_utf8(&number).ok()?.trim_end_matches(['\0', ' ']);
    let plain = |letter: char| letter.is_ascii_alphanumeric();
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_is_known_by_letters_that_are_not_those_of_a_host() {
        let of = |manufacturer: &str, model: &str| Words {
            manufacturers: vec![manufacturer.to_owned()],
            models: vec![model.to_owned()],
        };
        for id in ["id:49465800", "id:53544D20", "id:494E5443", "id:4E544300", "id:414D4400"] {
            assert!(refuse(&of(id, "SLB9670")).is_ok(), "{id}");
        }
        for id in [
            "id:00001014",
            "id:49424D00",
            "id:49424D20",
            "id:4D534654",
            "id:564D5700",
            "id:474F4F47",
            "id:414D5A4E",
            "id:00000000",
            "id:5",
            "49465800",
            "",
        ] {
            assert!(matches!(refuse(&of(id, "x")), Err(MakerError::Emulator(_))), "{id}");
        }
        for model in ["swtpm", "VMware TPM2", "vTPM", "Microsoft Virtual TPM"] {
            assert!(matches!(refuse(&of("id:49465800", model)), Err(MakerError::Emulator(_))));
        }
        assert!(matches!(refuse(&Words::default()), Err(MakerError::Nameless)));
        // One good name does not make good for another.
        let mut two = of("id:49465800", "x");
        two.manufacturers.push("id:00001014".to_owned());
        assert!(matches!(refuse(&two), Err(MakerError::Emulator(_))));
    }
}
